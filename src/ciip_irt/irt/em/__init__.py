"""The EM algorithm in its parts: expectation, maximization, acceleration, starts."""
