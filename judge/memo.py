"""A bounded memory of what was already worked out: least recently used out first. For one thread."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Memo(Generic[Key, Value]):
    """`hits` and `misses` count look-ups since it was made."""

    def __init__(self, size: int) -> None:
        """Hold at most `size` values."""
        self.size = size
        self.hits = 0
        self.misses = 0
        self._held: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """Return the value of `key`, or None."""
        value = self._held.get(key)
        if value is None:
            self.misses += 1
            return None
        self.hits += 1
        self._held.move_to_end(key)
        return value

    def put(self, key: Key, value: Value) -> Value:
        """Hold `value` and return it."""
        self._held[key] = value
        if len(self._held) > self.size:
            self._held.popitem(last=False)
        return value

    def __len__(self) -> int:
        return len(self._held)
