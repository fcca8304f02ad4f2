"""Distil a raw web corpus into a training subset, with every row accounted for."""
