"""Reads one TOML section value by value and collects what is wrong with it. Knows types and sentences, no setting by name."""

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

Word = TypeVar("Word", bound=str)


class ConfigError(Exception):
    """The configuration cannot be used. `problems` are sentences for a person, one for each thing to mend."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class Section:
    """One `[name]` of the file. Every getter returns a usable value of its type, and notes a problem when it had to make one up."""

    def __init__(self, name: str, table: object, folder: Path, problems: list[str]) -> None:
        self._name = name
        self._folder = folder
        self._problems = problems
        self._asked: set[str] = set()
        self._table: Mapping[str, object] = table if isinstance(table, dict) else {}
        if not isinstance(table, dict):
            problems.append(f"config: {name}: is not a section; write [{name}] on a line of its own")

    def problem(self, key: str, fault: str, remedy: str) -> None:
        """Note that `key` is wrong, and what to write."""
        self._problems.append(f"config: {self._name}.{key}: {fault}; write {remedy}")

    def _get(self, key: str) -> object:
        self._asked.add(key)
        return self._table.get(key)

    def text(
        self, key: str, *, example: str, pattern: re.Pattern[str] | None = None, meaning: str = "text", default: str | None = None
    ) -> str:
        """Return a text; without `default` it must be there."""
        value = self._get(key)
        if value is None and default is not None:
            return default
        if value is None:
            self.problem(key, "is missing", f'{key} = "{example}"')
        elif not isinstance(value, str):
            self.problem(key, f"{value!r} is not text", f'{key} = "{example}"')
        elif pattern is not None and not pattern.fullmatch(value):
            self.problem(key, f"{value!r} is not {meaning}", f'{key} = "{example}"')
        else:
            return value
        return ""

    def number(self, key: str, *, default: float, low: float, high: float) -> float:
        """Return a number within bounds."""
        value = self._get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self.problem(key, f"{value!r} is not a number from {low:g} to {high:g}", f"{key} = {default:g}")
            return default
        return float(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._get(key)
        if value is not None and not isinstance(value, bool):
            self.problem(key, f"{value!r} is neither true nor false", f"{key} = {str(default).lower()}")
        return value if isinstance(value, bool) else default

    def choice(self, key: str, words: tuple[Word, ...]) -> Word:
        """Return one of `words`; it must be there, there is no default on purpose."""
        value = self._get(key)
        for word in words:
            if value == word:
                return word
        wanted = " or ".join(f'"{word}"' for word in words)
        self.problem(key, "is missing" if value is None else f"{value!r} is not one of the versions", f"{key} = {wanted}")
        return words[0]

    def path(self, key: str, *, example: str = "", needed: bool = False, default: Path | None = None) -> Path | None:
        """Return a path, from the configuration's folder if relative; None when absent and not needed."""
        value = self._get(key)
        if value is None and default is not None:
            return default
        if value is None and not (needed or example):
            return None
        if not isinstance(value, str) or not value:
            self.problem(key, "is missing" if value is None else f"{value!r} is not a path", f'{key} = "{example or "/path/to/file"}"')
            return None
        return self._folder / Path(value).expanduser()

    def words(self, key: str) -> dict[str, str]:
        """Return a table of texts, empty when absent."""
        value = self._get(key)
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
            self.problem(key, "is not a table of texts", f'{key} = {{ "name" = "value" }}')
            return {}
        return dict(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty when absent."""
        value = self._get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.problem(key, "is not a list of texts", f'{key} = ["..."]')
            return ()
        return tuple(value)

    def refuse_unknown(self) -> None:
        """Note every key nobody asked for: a misspelt setting that is ignored is worse than an error."""
        for key in self._table:
            if key not in self._asked:
                near = difflib.get_close_matches(key, sorted(self._asked), n=1)
                remedy = f"{near[0]}" if near else f"one of {', '.join(sorted(self._asked))}"
                self.problem(key, "no such setting", remedy)
