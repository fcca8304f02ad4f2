"""Keys of comparison, shingles, MinHash signatures, clusters."""
