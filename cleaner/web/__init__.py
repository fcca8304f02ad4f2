"""Bytes of a page to text with LaTeX: prefilter, decode, formulas, main content, page facts."""
