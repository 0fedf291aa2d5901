"""Promote, hold, revise or retire: the evidence held against the policy."""
