"""The pool of an assembly: the items that a blueprint may use, with all that its rows need to know."""

import numpy as np
import polars as pl

from ciip_irt.arrays import FloatArray
from ciip_irt.bank import ItemBank, enemies_of
from ciip_irt.blueprint import Blueprint
from ciip_irt.errors import plural
from ciip_irt.forms.pool.form_set import earlier_forms, letters_of, targets_of
from ciip_irt.forms.pool.item_attributes import read_attributes, values_of_no_item
from ciip_irt.forms.pool.pool import Pool

__all__ = ["bank_pool"]


def bank_pool(
    items: pl.DataFrame, blueprint: Blueprint, n_forms: int, earlier: pl.DataFrame | None
) -> tuple[Pool, FloatArray, list[str]]:
    """The pool, the answers that each item has so far (0 without a column ``n``), and what to warn of.

    Raises
    ------
    TableError, ScaleError, BlueprintError
        A bank that breaks its contract or mixes scales, unknown domains, no theta_cut, columns missing.
    """
    bank = ItemBank.from_frame(items)
    letters = letters_of(bank, blueprint)
    attributes = read_attributes(bank.items, letters, blueprint, bank.where)
    used = () if earlier is None else earlier_forms(earlier)
    targets = targets_of(bank, letters, blueprint, attributes, used)
    wanted = {*blueprint.scored_status, *blueprint.pilot_status}
    keep = [index for index, status in enumerate(bank.items["status"]) if status in wanted]
    eligible = bank.items[keep]
    enemies = enemies_of(bank.items)
    width = len(str(n_forms))
    pool = Pool(
        blueprint=blueprint,
        form_ids=tuple(f"form-{number:0{width}d}" for number in range(1, n_forms + 1)),
        item_ids=tuple(eligible["item_id"].to_list()),
        letters=tuple(letters[index] for index in keep),
        statuses=tuple(eligible["status"].to_list()),
        enemies=enemies,
        targets=targets,
        attributes=attributes,
        earlier=used,
    )
    answers = np.zeros(len(keep))
    if "n" in eligible.columns:
        answers = eligible["n"].cast(pl.Float64, strict=False).fill_null(0.0).to_numpy().astype(np.float64)
    warnings = values_of_no_item(attributes, blueprint)
    known = set(bank.item_ids)
    strangers = sorted(item for item in enemies if item not in known)
    if strangers:
        warnings.append(
            f"{plural(len(strangers), 'item')} named as enemies are not in the bank"
            f" ({', '.join(strangers[:5])})."
        )
    if targets:
        without = [
            item_id
            for item_id, status in zip(pool.item_ids, pool.statuses, strict=True)
            if status in blueprint.scored_status and item_id not in targets[0].contributions
        ]
        if without:
            warnings.append(
                f"{plural(len(without), 'scored item')} without parameters could not be used"
                f" ({', '.join(without[:5])}). Calibrate them."
            )
    return pool, answers, warnings
