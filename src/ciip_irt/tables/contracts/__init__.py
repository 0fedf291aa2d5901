"""The contract of every table that is read or written: columns, types, meaning, who makes it."""
