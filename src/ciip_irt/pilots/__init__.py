"""Which pilot items deserve to be scored.

``policy``         limits, numbers of answers and losses, each with its source; TOML presets
``evidence``       the exact posterior of every pilot's response curve (``curves``, ``priors``, ``reference``)
``criteria``       what an item must satisfy, one file each, registry ``CRITERIA``
``decide``         promote, hold, revise or retire, with probability and reasons: ``review_pilots``
``promote``        the reviewed sheet read back in, and the bank it leads to
``simulate``       error rates and waiting of a policy, on pilots whose truth is known (``planted``)
"""

from ciip_irt.pilots.decide import PilotReview, review_pilots
from ciip_irt.pilots.policy import Policy, load_policy, shipped_policies
from ciip_irt.pilots.promote import promote, read_decisions
from ciip_irt.pilots.simulate import OperatingCharacteristics, simulate_policy, world_of

__all__ = [
    "OperatingCharacteristics",
    "PilotReview",
    "Policy",
    "load_policy",
    "promote",
    "read_decisions",
    "review_pilots",
    "shipped_policies",
    "simulate_policy",
    "world_of",
]
