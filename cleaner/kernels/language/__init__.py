"""What of a text tells its language, and the language model itself."""
