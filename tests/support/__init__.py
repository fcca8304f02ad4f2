"""What tests share: corpora, references in plain Python, servers; no test imports a test."""
