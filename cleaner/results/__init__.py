"""What is read from a finished or a running run."""
