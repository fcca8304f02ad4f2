"""Documents in: Parquet, JSON Lines and WARC, by globs, as frames with a key for every row."""
