"""Tables as people have them: sheets of cells, names of columns, where the header stands."""
