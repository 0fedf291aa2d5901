"""Run every notebook from top to bottom on the sample data; the notebooks themselves stay as they are."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).resolve().parent
TIMEOUT_S = 300


def main() -> int:
    failed = 0
    notebooks = sorted(FOLDER.glob("*.ipynb"))
    for path in notebooks:
        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(notebook, timeout=TIMEOUT_S, resources={"metadata": {"path": str(FOLDER)}})
        try:
            client.execute()
        except CellExecutionError as error:
            failed += 1
            print(f"{path.name}: {error}", file=sys.stderr)
        else:
            print(f"{path.name}: {len(notebook.cells)} cells ran")
    print(f"notebooks: {len(notebooks) - failed} passed, {failed} failed")
    return 1 if failed or not notebooks else 0


if __name__ == "__main__":
    sys.exit(main())
