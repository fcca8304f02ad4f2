"""Questions to large models behind an OpenAI-compatible endpoint: where, and one at a time."""
