"""Blocks of a page, their features, and the trees that judge them."""
