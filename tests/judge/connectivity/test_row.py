"""A row is plain data."""

from judge.connectivity.row import Row


def test_a_row_without_proof_has_none() -> None:
    """Details and rule are optional: a row of information has neither."""
    assert Row("location", "Location", "unmeasured", "not known") == Row("location", "Location", "unmeasured", "not known", (), "")
