"""Score tables of forms and the table that accreditation asks for."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
