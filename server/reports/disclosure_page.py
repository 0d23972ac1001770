"""A disclosure as one self-contained page to mail and to print: no script, nothing fetched, every value escaped by Jinja2."""

from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from server.reports import disclosure_words as words
from server.reports.disclosure import Disclosure


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(files("server.reports").joinpath("disclosure.html").read_text(encoding="utf-8"))


def render(one: Disclosure) -> str:
    """Return the page."""
    return _template().render(one=one, words=words)
