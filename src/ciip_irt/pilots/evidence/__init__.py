"""The exact posterior of every pilot from its answers."""
