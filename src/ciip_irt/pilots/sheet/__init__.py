"""The decision sheet, out and back in, and the bank it leads to."""
