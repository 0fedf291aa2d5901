"""Write docs/settings.md again: its preface as it stands, then the declarations of the program."""

from pathlib import Path

from ciip_irt.job.settings_files import describe_settings

PAGE = Path(__file__).with_name("settings.md")

if __name__ == "__main__":
    preface = PAGE.read_text(encoding="utf-8").partition("## ")[0]
    PAGE.write_text(preface + describe_settings(), encoding="utf-8")
