"""The job file of the simulated programme, with each setting explained."""

__all__ = ["exam_toml"]

TEMPLATE = """\
# One exam, one file: what to read, how to count, and what to decide.
# Run it with:  ciip-irt run exam.toml

[exam]
name = ""

[responses]
# The log: one row per answer. Several files may be named. Paths are relative to this file.
files = []
# One row per sitting: delivery mode, region and so on. Leave the line out if there is no such file.
candidates = "candidates.csv"

[items]
# The bank: key, options, domain, status and, where known, difficulty of every item.
file = "items.csv"

[eligibility]
# Whose answers count in the statistics. "first" = first attempts only: candidates who come back after
# failing are weaker and may remember questions. "all" = every attempt.
attempts = "first"
# maximum_rapid = 0.1 leaves out candidates with more than a tenth of answers faster than anyone can read.

[scoring]
# What a question earns that got no proper answer: "wrong" = no point, "missing" = it does not count.
omitted = "wrong"       # seen and left empty
not_reached = "wrong"   # time was up before
invalid = "wrong"       # two options marked, or an option the item does not have

[calibration]
# How difficulties are estimated. "rasch" gives every item the same discrimination; it needs the fewest
# answers and fits a programme that reports one raw point per item.
model = "rasch"
# "bank" = the scored items keep the difficulties of the bank, so that new ones land on the same scale.
# "none" = estimate everything afresh.
anchors = "bank"
# Anchors that drifted beyond doubt hold the scale no longer; anchors.csv lists them and says why.
# false = list them only. Stricter limits: displacement = 0.3.
purify = true
# Theta in abilities.csv: "eap", "map", "ml" or "wle". (Further settings, as for the command: priors, groups,
# population, max_iterations.)
ability = "eap"
# exclude_person_misfit = 0.001 leaves out candidates whose answers hardly fit their score: everything then
# counts without them, and exclusions.csv names them.

[scores]
# What is reported: "arrt" = 75 passes, 99 is the highest; or the path of a TOML file of your own.
score_scale = "arrt"
# How the expected score at the standard becomes the raw cut: "up", "nearest" or "down".
rounding = "up"

[pilots]
# The rules by which a pilot item is promoted, held, revised or retired. "arrt-like" asks for
# R of at least .20 and p from .30 to .95.
policy = "default"

[blueprint]
# How many items of each domain a form needs: the name of a shipped blueprint, or the path of your own.
file = "ciip-2024"

[assembly]
# How many new forms to build.
n_forms = 3
# The same seed gives the same forms again.
seed = 2026
# The passing standard on the scale of the bank. About 85 % of first-time candidates are above this one.
theta_cut = 0.0
"""


def exam_toml(*, name: str, responses: str, n_forms: int, seed: int, theta_cut: float) -> str:
    """The text of ``exam.toml``."""
    # Imported here: nothing else of a simulation writes TOML.
    from ciip_irt.settings.writing import toml_with

    assembly = {"n_forms": n_forms, "seed": seed, "theta_cut": theta_cut}
    named, read = {"name": name}, {"files": [responses]}
    return toml_with(TEMPLATE, {"exam": named, "responses": read, "assembly": assembly})
