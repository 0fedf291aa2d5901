"""What can be chosen from: items with their attributes, the pool of a program, sets of forms."""

from ciip_irt.forms.pool.bank_pool import bank_pool
from ciip_irt.forms.pool.form_set import form_set
from ciip_irt.forms.pool.held_out import held_out_by

__all__ = [
    "bank_pool",
    "form_set",
    "held_out_by",
]
