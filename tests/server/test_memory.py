"""The garbage collector's settings."""

import gc

from server.memory import THRESHOLDS, relax_garbage_collection


def test_thresholds_are_set_and_the_program_frozen() -> None:
    """What exists is frozen and collections become rare; the test puts both back."""
    before = gc.get_threshold()
    try:
        relax_garbage_collection()
        assert gc.get_threshold() == THRESHOLDS
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)
