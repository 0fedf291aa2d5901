"""Write docs/result-files.md again: its preface as it stands, then the contracts of the program."""

from pathlib import Path

from ciip_irt.tables import describe_result_files

PAGE = Path(__file__).with_name("result-files.md")

if __name__ == "__main__":
    preface = PAGE.read_text(encoding="utf-8").partition("## ")[0]
    PAGE.write_text(preface + describe_result_files(), encoding="utf-8")
