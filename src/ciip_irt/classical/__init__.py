"""Classical test theory: arrays in, frozen records out; numpy and scipy only.

``moments``           n, mean and spread of the criterion per category: what adds up over groups of persons
``item_statistics``   p and R (corrected point-biserial) of every item, with intervals
``options``           who chooses which option: share, mean criterion, R, and the table by fifths
``internal_consistency``  alpha / KR-20, standard error of measurement, alpha without each item, by domain
``dif``               Mantel-Haenszel differential item functioning with ETS classes
``dif_ability``       the same difference at equal ability, for small groups; ``dif_classes`` probabilities
"""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
