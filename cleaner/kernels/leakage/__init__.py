"""Where the words of benchmark items stand in texts."""
