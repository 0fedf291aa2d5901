"""Which candidates are a population of their own, and what is estimated of it."""
