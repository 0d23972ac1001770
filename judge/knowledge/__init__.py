"""What ages: endpoint lists, authorities, product signatures, expectations, thresholds, guidance: data in `data/`, types and look-ups.

Only `loader.py` reads files; everything it returns is immutable and carries a version.
"""
