"""A raw corpus of our own making, from nothing but grammars, with gold labels for every row."""
