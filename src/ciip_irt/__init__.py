"""Item analysis, calibration, pilot review and form assembly for certification exams.

The whole job in eight lines::

    import ciip_irt as ci

    bank = ci.read_bank("items.csv")
    log = ci.ingest(["responses.parquet"], bank=bank, candidates="candidates.csv")
    eligible = ci.select_eligible(log.responses, log.candidates)
    scored = ci.score(eligible.responses, bank, candidates=eligible.candidates)
    analysis = ci.analyse_items(scored)
    calibration = ci.calibrate(scored, "rasch", anchors=bank)
    review = ci.review_pilots(scored, bank, ci.load_policy("default"), calibration=calibration)
    assembly = ci.assemble(bank.items, ci.load_blueprint("ciip-2024"), n_forms=3)

Every result is frozen, shows itself as a compact table in a notebook, has ``.to_frame()`` (tidy polars) and
``.summary()`` (a few plain sentences). ``ci.run_job(ci.load_exam("exam.toml"))`` does all of it at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ciip_irt._version import __version__ as __version__

if TYPE_CHECKING:
    from ciip_irt.accreditation import accreditation_table
    from ciip_irt.bank import ItemBank, read_bank
    from ciip_irt.calibration import (
        Calibration,
        DriftLimits,
        calibrate,
        check_model,
        examine_dimensionality,
        link_calibrations,
        load_scale,
        score_tables,
    )
    from ciip_irt.errors import CiipError
    from ciip_irt.forms import (
        Assembly,
        Blueprint,
        Finding,
        assemble,
        bank_capacity,
        check_forms,
        load_blueprint,
    )
    from ciip_irt.item_analysis import ItemAnalysis, analyse_items, check_keys, rescoring_effects
    from ciip_irt.job.exam import load_exam
    from ciip_irt.job.result import JobResult
    from ciip_irt.job.run import run_job
    from ciip_irt.pilots import PilotReview, Policy, load_policy, plan_pilots, promote, review_pilots
    from ciip_irt.report import write_report
    from ciip_irt.responses import (
        EligibilityRules,
        Ingested,
        ScoredResponses,
        ScoringRules,
        ingest,
        score,
        select_eligible,
    )
    from ciip_irt.simulate import simulate_programme


__all__ = [
    "Assembly",
    "Blueprint",
    "Calibration",
    "CiipError",
    "DriftLimits",
    "EligibilityRules",
    "Finding",
    "Ingested",
    "ItemAnalysis",
    "ItemBank",
    "JobResult",
    "PilotReview",
    "Policy",
    "ScoredResponses",
    "ScoringRules",
    "accreditation_table",
    "analyse_items",
    "assemble",
    "bank_capacity",
    "calibrate",
    "check_forms",
    "check_keys",
    "check_model",
    "examine_dimensionality",
    "ingest",
    "link_calibrations",
    "load_blueprint",
    "load_exam",
    "load_policy",
    "load_scale",
    "plan_pilots",
    "promote",
    "read_bank",
    "rescoring_effects",
    "review_pilots",
    "run_job",
    "score",
    "score_tables",
    "select_eligible",
    "simulate_programme",
    "write_report",
]

_ROOMS = {
    "accreditation": ("accreditation_table",),
    "bank": ("ItemBank", "read_bank"),
    "calibration": (
        "Calibration", "DriftLimits", "calibrate", "check_model", "examine_dimensionality",
        "link_calibrations", "load_scale", "score_tables",
    ),
    "errors": ("CiipError",),
    "forms": (
        "Assembly", "Blueprint", "Finding", "assemble", "bank_capacity", "check_forms", "load_blueprint",
    ),
    "item_analysis": ("ItemAnalysis", "analyse_items", "check_keys", "rescoring_effects"),
    "job.exam": ("load_exam",),
    "job.result": ("JobResult",),
    "job.run": ("run_job",),
    "pilots": ("PilotReview", "Policy", "load_policy", "plan_pilots", "promote", "review_pilots"),
    "report": ("write_report",),
    "responses": (
        "EligibilityRules", "Ingested", "ScoredResponses", "ScoringRules",
        "ingest", "score", "select_eligible",
    ),
    "simulate": ("simulate_programme",),
}  # fmt: skip
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    """Rooms are entered when first needed: the command line starts without numpy and polars."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOM_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
