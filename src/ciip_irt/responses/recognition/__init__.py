"""A file nobody described is looked at, and how it will be read is said before it is read."""

from ciip_irt.responses.recognition.choices import NO_CHOICES, Choices
from ciip_irt.responses.recognition.columns import is_email_column
from ciip_irt.responses.recognition.long import is_long
from ciip_irt.responses.recognition.reading import Reading, mapping_text
from ciip_irt.responses.recognition.recognise import recognise

__all__ = ["NO_CHOICES", "Choices", "Reading", "is_email_column", "is_long", "mapping_text", "recognise"]
