"""The report of a run: one HTML file that needs no network, and what stands in it."""
