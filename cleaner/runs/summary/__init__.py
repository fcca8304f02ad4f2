"""What a run says of its rules and signals in few numbers: sums that can be merged."""
