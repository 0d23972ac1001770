"""Debian's chromium driven by playwright: pages that remember what their console said, and how readable they are. No page is known here."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Self

from playwright.sync_api import Page, sync_playwright

Scheme = Literal["light", "dark"]
_CONTRASTS = (Path(__file__).parent / "contrast.js").read_text()


class Browser:
    """Started by `with`. Everything it loads is on this machine: other names do not resolve."""

    def __init__(self, program: str) -> None:
        self._program = program

    def __enter__(self) -> Self:
        self._playwright = sync_playwright().start()
        rules = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", rules]  # no sandbox: tests may run as root
        self._browser = self._playwright.chromium.launch(executable_path=self._program, args=arguments)
        return self

    def __exit__(self, *_: object) -> None:
        self._browser.close()
        self._playwright.stop()

    @contextmanager
    def page(self, width: int = 1440, height: int = 1000, scheme: Scheme = "light") -> Iterator["Watched"]:
        """Give a page of its own."""
        context = self._browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        try:
            yield Watched(context.new_page())
        finally:
            context.close()


class Watched:
    """A page, and what went wrong in it: `errors` holds console errors, failed requests and exceptions."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("console", lambda said: self.errors.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("requestfailed", lambda request: self._failed(request.url, request.failure))

    def _failed(self, url: str, reason: str | None) -> None:
        if not url.partition("?")[0].endswith("/live"):  # a stream ends with its page
            self.errors.append(f"{url}: {reason}")

    def low_contrasts(self, scheme: Scheme, least: float = 4.5) -> list[Any]:
        """Return each visible text below a contrast to its background in this scheme: [text, ratio] (WCAG 2.1's formula)."""
        self.page.emulate_media(color_scheme=scheme)
        found: list[Any] = self.page.evaluate(_CONTRASTS, least)
        return found
