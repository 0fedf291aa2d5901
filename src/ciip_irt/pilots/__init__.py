"""Which pilot items deserve to be scored.

``policy``     limits, numbers of answers and losses, each with its source; TOML presets
``evidence``   from answers to the exact posterior of every pilot's response curve
``decision``   promote, hold, revise or retire, with probability and reasons: ``review_pilots``; what an item
               must satisfy stands in ``decision/criteria``, one file each, registry ``CRITERIA``
``plan``       what the bank lacks, and which pilots go into which form
``sheet``      the decision sheet out and back in, and the bank it leads to, with its ledger
``simulate``   error rates and waiting of a policy, on pilots whose truth is known
"""

from ciip_irt.pilots.decision import PilotReview, review_pilots
from ciip_irt.pilots.plan import Demand, FormRoom, Needs, PilotPlan, bank_needs, plan_pilots, with_needs
from ciip_irt.pilots.policy import Policy, load_policy, shipped_policies
from ciip_irt.pilots.sheet import (
    Promoted,
    Promotion,
    apply_sheet,
    decision_files,
    promote,
    read_decisions,
)
from ciip_irt.pilots.simulate import (
    OperatingCharacteristics,
    Population,
    population_of_calibration,
    population_of_log,
    programme_of_bank,
    simulate_policy,
)

__all__ = [
    "Demand",
    "FormRoom",
    "Needs",
    "OperatingCharacteristics",
    "PilotPlan",
    "PilotReview",
    "Policy",
    "Population",
    "Promoted",
    "Promotion",
    "apply_sheet",
    "bank_needs",
    "decision_files",
    "load_policy",
    "plan_pilots",
    "population_of_calibration",
    "population_of_log",
    "programme_of_bank",
    "promote",
    "read_decisions",
    "review_pilots",
    "shipped_policies",
    "simulate_policy",
    "with_needs",
]
