"""A wheel must hold what runs: blueprints, policies, templates, the typing marker, the command."""

import sys
import zipfile
from pathlib import Path

WANTED = (
    "ciip_irt/py.typed",
    "ciip_irt/blueprint/blueprints/ciip-2024.toml",
    "ciip_irt/blueprint/blueprints/ciip-2019.toml",
    "ciip_irt/blueprint/blueprints/blueprint.schema.json",
    "ciip_irt/pilots/policies/default.toml",
    "ciip_irt/pilots/policies/arrt-like.toml",
    "ciip_irt/report/templates/",
    "entry_points.txt",
    "licenses/LICENSE",
)


def main(folder: str) -> int:
    wheels = sorted(Path(folder).glob("*.whl"))
    if not wheels:
        print(f"no wheel in {folder}", file=sys.stderr)
        return 1
    names = zipfile.ZipFile(wheels[-1]).namelist()
    absent = [wanted for wanted in WANTED if not any(wanted in name for name in names)]
    for wanted in absent:
        print(f"{wheels[-1].name} lacks {wanted}", file=sys.stderr)
    print(f"{wheels[-1].name}: {len(names)} files")
    return 1 if absent else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
