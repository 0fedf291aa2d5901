"""Why forms cannot be built, and the least that would mend it."""
