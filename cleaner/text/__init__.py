"""Segmentation, and document to document: Unicode, lines, personal data."""
