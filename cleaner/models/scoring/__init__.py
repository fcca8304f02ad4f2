"""A trained classifier over documents: its card, its input, its scores."""
