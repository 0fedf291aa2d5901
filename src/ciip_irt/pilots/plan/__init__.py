"""What the bank needs, and which pilots go into which form."""
