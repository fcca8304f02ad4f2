"""What signals count, a family per module."""
