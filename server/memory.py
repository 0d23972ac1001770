"""Python's garbage collector, told what kind of program this is.

A batch of reports makes a million short-lived objects without cycles; the default thresholds walk all of them again and again, which was a
third of what a report cost (1,390 us with, 960 us without, measured in process on 2 cores). Reference counting frees them all the same.
"""

import gc

THRESHOLDS = (100_000, 50, 100)


def relax_garbage_collection() -> None:
    """Call once, when everything is imported: what exists now is never looked at again, the rest seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
