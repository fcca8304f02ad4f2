"""A classifier is learnt from labelled documents, and measured on held-out ones."""
