"""Benchmark items in a corpus: which are there, where, and on what evidence."""
