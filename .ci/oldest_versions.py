"""Print every lower bound of pyproject.toml as a pin: what ``pip install --constraint`` then installs."""

import re
import tomllib
from pathlib import Path

FILE = Path(__file__).resolve().parents[1] / "pyproject.toml"
PROJECT = tomllib.loads(FILE.read_text("utf-8"))["project"]
BOUND = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+)>=(?P<version>[0-9.]+)")

for requirement in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]:
    bound = BOUND.match(requirement)
    if bound is None:
        raise SystemExit(f"pyproject.toml: {requirement!r} has no lower bound; write it as name>=version")
    print(f"{bound['name']}=={bound['version']}")
