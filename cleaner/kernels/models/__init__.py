"""What classifiers read and compute."""
