"""Files on disks and object stores: listing, commits, exchanges, and every name in a run folder."""
