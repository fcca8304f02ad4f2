"""Compiled loops over Arrow buffers, each with a plain Python twin in the tests."""
