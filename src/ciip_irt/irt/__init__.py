"""Item response theory: arrays in, frozen records out; numpy and scipy only.

Persons x items everywhere, quadrature points first where there are any. Persons who met the same items
form a :class:`~ciip_irt.irt.response_blocks.ResponseBlock`, so that every sum over persons is a matrix
product and what was not administered takes no memory.
"""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
