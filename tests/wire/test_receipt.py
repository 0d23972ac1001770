"""Receipts."""

import pytest
from pydantic import ValidationError

from wire.receipt import Receipt, Refusal


def test_round_trip() -> None:
    """A receipt comes back equal, and a plain one is short."""
    receipt = Receipt(stream="0" * 32, upto=5, also=[(7, 9)], held=[Refusal(seq=6, reason="newer")], want=["A" * 22], now_ns=1)
    assert Receipt.model_validate_json(receipt.dump()) == receipt
    assert Receipt(stream="0" * 32, upto=5).dump() == b'{"stream":"00000000000000000000000000000000","upto":5}'


@pytest.mark.parametrize("change", [{"stream": "x"}, {"upto": -1}, {"also": [(1, 2)] * 1001}, {"also": [(0, 2)]}, {"want": ["short"]}])
def test_bounds(change: dict[str, object]) -> None:
    """A receipt with a range from nothing, a bad id, or without end is refused: an agent deletes rows by it."""
    with pytest.raises(ValidationError):
        Receipt.model_validate({"stream": "0" * 32} | change)
