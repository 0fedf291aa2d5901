"""How many pilots the slots allow at most, against every way to fill them."""

from itertools import combinations, product

import pytest

from ciip_irt.pilots.plan.allocation import FormRoom, _by_slots_alone


@pytest.mark.parametrize(
    ("expected", "slots", "wanted"),
    [
        ((100, 40), (1, 1), (90, 90)),
        ((40, 100), (1, 1), (90, 35)),
        ((50, 50, 20), (1, 2, 1), (60, 60, 15)),
        ((30, 80, 60), (2, 1, 1), (75, 55, 90, 25)),
    ],
)
def test_never_fewer_than_can_be_placed(
    expected: tuple[float, ...], slots: tuple[int, ...], wanted: tuple[float, ...]
) -> None:
    forms = [
        FormRoom(f"F{k}", n, answers) for k, (n, answers) in enumerate(zip(slots, expected, strict=True))
    ]
    most = 0
    subsets = [s for size in range(len(forms) + 1) for s in combinations(range(len(forms)), size)]
    for places in product(subsets, repeat=len(wanted)):
        if all(sum(k in s for s in places) <= slots[k] for k in range(len(forms))):
            most = max(
                most, sum(sum(expected[k] for k in s) >= w for s, w in zip(places, wanted, strict=True))
            )
    assert _by_slots_alone(forms, wanted) >= most


def test_the_largest_forms_count_first() -> None:
    forms = [FormRoom("small", 1, 10.0), FormRoom("large", 1, 100.0)]
    assert _by_slots_alone(forms, [100.0, 100.0]) == 2  # one slot each, were both in the large form
    assert _by_slots_alone(forms, [105.0]) == 1
    assert _by_slots_alone(forms, [111.0]) == 0
