"""Counts letters for `/metrics`: `middlewatch_letters_total` by target and by what became of each try. Nothing is decided by it."""

from typing import Literal

from prometheus_client import CollectorRegistry, Counter

Fate = Literal["sent", "failed", "given-up"]


class Letters:
    """What became of letters since this process began; without a registry nobody is told. What is stored is `notify queue`'s to show."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        own = registry or CollectorRegistry()
        self._counter = Counter("middlewatch_letters", "Tries of notifications by target and outcome", ["target", "outcome"], registry=own)

    def add(self, target: str, fate: Fate) -> None:
        """Count one try."""
        self._counter.labels(target, fate).inc()
