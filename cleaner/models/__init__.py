"""Language, fastText and other models that score text."""
