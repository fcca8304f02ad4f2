"""What people write for us and we show to people: YAML 1.2, shipped files, readable numbers."""
