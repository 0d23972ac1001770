"""Of which category a target is, by its name as runs have it. Pure; the knowledge's endpoint lists decide, remembered name by name."""

from judge.knowledge.model import Knowledge
from wire.vocabulary import Category


class Categories:
    """`category` of a name `host:port`. A plan's one target that no list has is its control."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._known: dict[str, Category] = {}

    def __call__(self, target: str) -> Category:
        """Return the category of the name's host and port; `Control` for what is not Microsoft's."""
        known = self._known.get(target)
        if known is None:
            host, _, port = target.rpartition(":")
            number = int(port) if port.isdigit() else 443
            found = [listed.find(host, number) for listed in self._knowledge.instances.values()]
            known = self._known[target] = next((one.category for one in found if one is not None), "Control")
        return known
