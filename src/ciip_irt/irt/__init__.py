"""Item response theory: arrays in, frozen records out; numpy and scipy only.

For persons x items arrays (-1 or nan where an answer does not count)::

    from ciip_irt import irt

    fit = irt.fit(X, "2pl")              # parameters, standard errors, population, convergence
    theta = irt.abilities(X, fit).theta  # EAP, MAP, ML, WLE
    irt.information(fit, theta)          # persons x items
    irt.item_fit(X, fit, "s_x2")

Inside, persons who met the same items form a :class:`~ciip_irt.irt.response_blocks.ResponseBlock`, so that
every sum over persons is a matrix product and what was not administered takes no memory. Quadrature points
come first where there are any.
"""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
