"""Who passes, on which scale scores are told, and how dependable both are."""

from lazy_loader import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__)
