"""Colours by meaning, for light and dark paper.

The hues are those of Okabe and Ito (2008), which remain apart under the common kinds of colour blindness,
darkened or lightened to keep contrast on white and on near-black. No meaning hangs on colour alone: the key
is also thicker and named, distractors differ in dash, severities in shape.
"""

from dataclasses import dataclass

__all__ = ["DASHES", "DISTRACTORS", "FORM_TONES", "TONES", "Tone", "tone_css"]


@dataclass(frozen=True, slots=True)
class Tone:
    """One colour on light and on dark paper."""

    light: str
    dark: str


TONES: dict[str, Tone] = {
    "key": Tone("#0b5cad", "#6cb4f5"),
    "key2": Tone("#1f7f9c", "#7fd0e6"),
    "distractor1": Tone("#c24e00", "#f08a4b"),
    "distractor2": Tone("#00805c", "#4cc9a0"),
    "distractor3": Tone("#a8507f", "#e39cc4"),
    "distractor4": Tone("#8a6d00", "#e0c04f"),
    "distractor5": Tone("#5b6470", "#aab4c0"),
    "model": Tone("#0b5cad", "#6cb4f5"),
    "observed": Tone("#22272e", "#e3e8ee"),
    "muted": Tone("#7b8591", "#8b95a1"),
    "first": Tone("#b3261e", "#ff8f85"),
    "next": Tone("#b85c00", "#f0a35a"),
    "later": Tone("#4a5c78", "#a9b9d4"),
    "minor": Tone("#6b747f", "#9aa4af"),
}
DISTRACTORS = ("distractor1", "distractor2", "distractor3", "distractor4", "distractor5")
FORM_TONES = ("key", "distractor1", "distractor2", "distractor3", "distractor4", "distractor5")
DASHES: tuple[tuple[float, ...], ...] = ((), (6, 3), (2, 3), (8, 3, 2, 3), (4, 2), (10, 4))


def tone_css() -> str:
    """Style rules that give every tone its colour, by the reader's colour scheme.

    >>> ".t-key{--tone:#0b5cad}" in tone_css()
    True
    """
    light = "".join(f".t-{name}{{--tone:{tone.light}}}" for name, tone in TONES.items())
    dark = "".join(f".t-{name}{{--tone:{tone.dark}}}" for name, tone in TONES.items())
    return f"{light}\n@media screen and (prefers-color-scheme:dark){{{dark}}}"
