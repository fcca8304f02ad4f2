"""Rules that people write: conditions of our SQL subset, filter files, word lists, line rules."""
