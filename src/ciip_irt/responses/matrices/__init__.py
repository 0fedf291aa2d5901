"""Persons x items matrices of any make, read into scored responses."""

from ciip_irt.responses.matrices.response_matrix import Responses, response_matrix, scored_responses

__all__ = ["Responses", "response_matrix", "scored_responses"]
