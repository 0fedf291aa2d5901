"""What can be chosen from: items with their attributes, the pool of a program, sets of forms."""

from ciip_irt.forms.pool.bank_pool import bank_pool
from ciip_irt.forms.pool.form_set import form_set

__all__ = [
    "bank_pool",
    "form_set",
]
