"""C source and diffs to print sites and failing paths."""
