"""Words, lines and paragraphs of texts, and forms of Unicode."""
