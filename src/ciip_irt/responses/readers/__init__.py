"""One file per log format. A new format is a new file here and one row in ``READERS``."""

from ciip_irt.responses.readers.long import LONG
from ciip_irt.responses.readers.source import Reader, ReadLog, Source
from ciip_irt.responses.readers.vendor_wide import VENDOR_WIDE
from ciip_irt.responses.readers.wide import WIDE

__all__ = ["READERS", "ReadLog", "Reader", "Source"]

READERS: dict[str, Reader] = {reader.name: reader for reader in (LONG, WIDE, VENDOR_WIDE)}
