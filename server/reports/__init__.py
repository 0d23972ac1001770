"""Documents people hand on: what stands in the path, what a bypass case proves, which names are not bypassed. Nothing here decides."""
