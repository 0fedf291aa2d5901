"""The five kinds of file that people write in TOML, each by its declaration."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

from ciip_irt.settings import Section, json_schema, settings_table

__all__ = ["KINDS", "SettingsFile", "describe_settings"]


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A kind of file: where its declaration is, what it is for, and the page that explains it."""

    module: str
    declaration: str
    about: str
    page: str

    @property
    def section(self) -> Section:
        """The declaration; its room is imported only now."""
        section: Section = getattr(import_module(self.module), self.declaration)
        return section

    def schema(self, kind: str) -> str:
        """The JSON schema, for editors that complete and check TOML."""
        return json_schema(self.section, f"ciip-irt {kind}", f"{self.about} {self.page} explains it.")


KINDS: Mapping[str, SettingsFile] = {
    "blueprint": SettingsFile(
        "ciip_irt.blueprint.declaration", "BLUEPRINT", "What a form of an exam must be.",
        "docs/checking-forms.md",
    ),
    "exam": SettingsFile(
        "ciip_irt.job.exam_settings", "EXAM", "The files of an administration and the choices in force.",
        "docs/guide.md",
    ),
    "mapping": SettingsFile(
        "ciip_irt.responses.mapping", "MAPPING", "How a response log becomes the canonical table.",
        "docs/reading-logs.md",
    ),
    "policy": SettingsFile(
        "ciip_irt.pilots.policy", "POLICY", "The limits by which pilot items are judged.",
        "docs/pilot-decisions.md",
    ),
    "scale": SettingsFile(
        "ciip_irt.scores.tables.scale_rule", "SCALE", "The scale on which scores are reported.",
        "docs/guide.md",
    ),
}  # fmt: skip


def describe_settings() -> str:
    """Every setting of every kind of file, as the page of the documentation has them."""
    return (
        "\n\n".join(
            f"## {kind}\n\n{file.about} [{file.page}]({file.page.removeprefix('docs/')}) explains it.\n\n"
            f"{settings_table(file.section)}"
            for kind, file in KINDS.items()
        )
        + "\n"
    )
