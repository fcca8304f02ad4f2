"""Which language a text is in: backends, codes, and their calibration."""
