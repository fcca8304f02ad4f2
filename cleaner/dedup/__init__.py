"""Signatures, bands, verification and clusters of duplicates."""
