"""Independent ways to the same numbers, slow and plain, that tests hold ours against."""
