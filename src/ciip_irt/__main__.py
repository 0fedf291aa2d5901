"""``python -m ciip_irt`` is the command ``ciip-irt``."""

import sys

from ciip_irt.cli import main

if __name__ == "__main__":
    sys.exit(main())
