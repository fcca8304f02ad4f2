"""Values that options take by name, where a room below the stages knows them too."""

from typing import Literal

Keep = Literal["best", "longest", "first", "newest", "source_priority"]  # of some duplicates
Within = Literal["all", "source", "host"]  # among whose documents duplicates are sought
LineUnit = Literal["line", "paragraph"]
Preset = Literal["fineweb", "refinedweb", "curator", "megamath"]  # of MinHash bands
Scheme = Literal["affine32", "legacy"]  # of MinHash
Form = Literal["NFC", "NFKC", "NFD", "NFKD"]  # of Unicode
Weak = Literal["auto", "always", "never"]  # whether weak evidence of TeX counts
