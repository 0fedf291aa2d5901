"""Which pilot items deserve to be scored.

``policy``         limits, numbers of answers and losses, each with its source; TOML presets
``evidence``       the exact posterior of every pilot's response curve (``curves``, ``priors``, ``reference``)
``criteria``       what an item must satisfy, one file each, registry ``CRITERIA``
``decide``         promote, hold, revise or retire, with probability and reasons: ``review_pilots``
``needs``          what the bank lacks by domain and difficulty, as information
``sheet``          the decision sheet, CSV and XLSX, out and back in
``promote``        the bank that reviewed decisions lead to, and its ledger (``bring_in``: from the files)
``plan``           which pilots go into which form (``turns``: their order, ``seating``: their places)
``simulate``       error rates and waiting of a policy, on pilots whose truth is known (``planted``)
"""

from ciip_irt.pilots.decision.decide import PilotReview, review_pilots
from ciip_irt.pilots.plan.allocation import FormRoom
from ciip_irt.pilots.plan.needs import Demand, Needs, bank_needs, with_needs
from ciip_irt.pilots.plan.plan import PilotPlan, plan_pilots
from ciip_irt.pilots.policy import Policy, load_policy, shipped_policies
from ciip_irt.pilots.sheet.apply_sheet import Promotion, bring_in
from ciip_irt.pilots.sheet.promote import promote
from ciip_irt.pilots.sheet.sheet import decision_files, read_decisions
from ciip_irt.pilots.simulate.simulate import OperatingCharacteristics, simulate_policy, world_of

__all__ = [
    "Demand",
    "FormRoom",
    "Needs",
    "OperatingCharacteristics",
    "PilotPlan",
    "PilotReview",
    "Policy",
    "Promotion",
    "bank_needs",
    "bring_in",
    "decision_files",
    "load_policy",
    "plan_pilots",
    "promote",
    "read_decisions",
    "review_pilots",
    "shipped_policies",
    "simulate_policy",
    "with_needs",
    "world_of",
]
