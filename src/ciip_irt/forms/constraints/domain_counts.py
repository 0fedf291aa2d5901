"""The number of scored items per domain: exact, or within the blueprint's range."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from ciip_irt.arrays import FloatArray
from ciip_irt.blueprint import Domain
from ciip_irt.errors import plural
from ciip_irt.forms.findings import ERROR, Finding
from ciip_irt.forms.pool.form_set import SCORED, FormSet
from ciip_irt.forms.pool.new_item import NewItem
from ciip_irt.forms.pool.pool import Constraint, Pool, Row

__all__ = ["DOMAIN_COUNTS"]

NAME = "domain_counts"


def rows(pool: Pool) -> Iterator[Row]:
    for domain in pool.blueprint.domains:
        members = pool.items_where(letter == domain.letter for letter in pool.letters)
        for form, form_id in enumerate(pool.form_ids):
            label = f"{domain.title}, scored items"
            yield Row(
                f"{form_id}: {label}", float(domain.low), float(domain.high),
                pool.columns(SCORED, form, members), np.ones(len(members)), relaxable=True,
                label=label, source=domain,
            )  # fmt: skip


def check(given: FormSet) -> Iterator[Finding]:
    for form in given.forms:
        # An item that the bank does not know counts where the form puts it; that it is unknown is told apart.
        counts = Counter(
            given.bank[entry.item_id].letter if entry.item_id in given.bank else entry.letter
            for entry in form.entries
            if entry.role == SCORED
        )
        for domain in given.blueprint.domains:
            count = counts[domain.letter]
            if not domain.low <= count <= domain.high:
                message = f"{domain.title}: {plural(count, 'item')}, blueprint needs {domain.wanted}"
                yield Finding(NAME, ERROR, form.form_id, "", message)


def adds(item: NewItem, source: object, coefficients: FloatArray) -> float:  # noqa: ARG001
    return float(isinstance(source, Domain) and item.letter == source.letter)


DOMAIN_COUNTS = Constraint(
    NAME, "each domain has the blueprint's number of scored items", rows, check,
    many_in_words="the counts of {} domains", spared=7, adds=adds,
)  # fmt: skip
