"""What the bank needs, and which pilots go into which form so that they reach their answers in time."""

from ciip_irt.pilots.plan.allocation import FormRoom
from ciip_irt.pilots.plan.needs import Demand, Needs, bank_needs, with_needs
from ciip_irt.pilots.plan.plan import PilotPlan, months_between, plan_pilots

__all__ = [
    "Demand",
    "FormRoom",
    "Needs",
    "PilotPlan",
    "bank_needs",
    "months_between",
    "plan_pilots",
    "with_needs",
]
