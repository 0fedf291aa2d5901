"""Elementary symmetric functions of item easiness, by the summation algorithm on ratios.

With easiness ``e_j = exp(-b_j)`` the elementary symmetric function of order r, ``gamma_r``, sums the products
of e over all sets of r items. Under the Rasch model it holds everything that is left of a person once the raw
score r is known. The functions themselves leave the range of a double at a few hundred items, their ratios
``rho_r = gamma_r / gamma_{r-1}`` do not, and adding an item to them takes no subtraction:

    rho_r <- (rho_r + e) / (1 + e / rho_{r-1})

Source: Fischer (1974), Einführung in die Theorie psychologischer Tests, ch. 14; Verhelst, Glas & van der
Sluis (1984), Computational Statistics Quarterly 1:245-262 for the summation algorithm.
"""

import numpy as np

from ciip_irt.arrays import FloatArray

__all__ = ["conditional_probabilities", "log_symmetric", "symmetric_ratios"]


def symmetric_ratios(easiness: FloatArray) -> FloatArray:
    """Shape (G, J + 1): ``gamma_r / gamma_{r-1}`` for r = 0..J of each of G sets of items; column 0 is inf.

    Parameters
    ----------
    easiness
        Shape (G, J): exp(-b), 0 where an item is not in the set. A set of n items has ratio 0 beyond r = n.

    >>> symmetric_ratios(np.array([[1.0, 2.0, 0.0]]))  # gamma = 1, 3, 2
    array([[       inf, 3.        , 0.66666667, 0.        ]])
    """
    easiness = np.asarray(easiness, dtype=np.float64)
    sets, items = easiness.shape
    ratios = np.zeros((sets, items + 1))
    ratios[:, 0] = np.inf
    for item in range(items):
        e = easiness[:, item, None]
        before, here = ratios[:, : item + 1], ratios[:, 1 : item + 2]
        # beyond the last order of a set e / before is 0 / 0 where the item is not in it, e / 0 never occurs
        share = np.divide(e, before, out=np.zeros((sets, item + 1)), where=before > 0)
        ratios[:, 1 : item + 2] = (here + np.where(before > 0, e, 0.0)) / (1.0 + share)
    return ratios


def log_symmetric(ratios: FloatArray) -> FloatArray:
    """Shape (G, J + 1): log gamma_r for r = 0..J, -inf beyond the number of items of a set.

    >>> np.exp(log_symmetric(symmetric_ratios(np.array([[1.0, 2.0, 3.0]])))).round(6)
    array([[ 1.,  6., 11.,  6.]])
    """
    result = np.zeros(ratios.shape)
    with np.errstate(divide="ignore"):
        result[:, 1:] = np.cumsum(np.log(ratios[:, 1:]), axis=1)
    return result


def conditional_probabilities(easiness: FloatArray, ratios: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Two arrays (G, J + 1, J): the chance of a right answer given raw score r, and its twin's.

    ``p_j(r) = e_j gamma_{r-1}(without j) / gamma_r`` obeys ``p_j(r) = (e_j / rho_r) (1 - p_j(r - 1))``. An
    error is multiplied by ``e_j / rho_r``, which grows with r, so the recursion runs upwards from p(0) = 0
    while that is at most 1, and downwards from p(J) = 1 where it is larger: errors always shrink.

    The second array is the chance that item j *and another item of the same easiness* are both right,
    ``p_j - e_j dp_j / de_j`` in the sense of that formula; it is what the chance of two items both right,
    ``(e_j p_i - e_i p_j) / (e_j - e_i)``, tends to where their easiness becomes equal.

    Entries of items not in the set, and of orders beyond its size, say nothing.

    >>> e = np.array([[1.0, 1.0, 1.0]])
    >>> p, both = conditional_probabilities(e, symmetric_ratios(e))
    >>> p[0, :, 0].round(6), both[0, :, 0].round(6)
    (array([0.      , 0.333333, 0.666667, 1.      ]), array([0.      , 0.      , 0.333333, 1.      ]))
    """
    sets, items = easiness.shape
    p = np.zeros((sets, items + 1, items))
    slope = np.zeros((sets, items + 1, items))
    size = (easiness > 0).sum(axis=1)
    last = np.arange(items + 1)[None, :] >= size[:, None]
    p[last] = 1.0
    p[:, 0, :] = 0.0
    up = np.zeros((sets, items + 1, items), dtype=np.bool_)
    for order in range(1, items + 1):
        rho = ratios[:, order, None]
        np.less_equal(easiness, rho, out=up[:, order])
        share = np.divide(easiness, rho, out=np.zeros((sets, items)), where=up[:, order] & (rho > 0))
        rising = share * (1.0 - p[:, order - 1])
        np.copyto(p[:, order], rising, where=up[:, order])
        np.copyto(slope[:, order], rising - share * slope[:, order - 1], where=up[:, order])
    for order in range(items, 0, -1):
        down = ~up[:, order] & (easiness > 0)
        share = np.divide(ratios[:, order, None], easiness, out=np.zeros((sets, items)), where=down)
        np.copyto(p[:, order - 1], 1.0 - share * p[:, order], where=down)
        np.copyto(slope[:, order - 1], share * (p[:, order] - slope[:, order]), where=down)
    return p, p - slope
