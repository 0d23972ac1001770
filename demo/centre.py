"""The centre in the demo's own process; its log goes to a file, because the screen belongs to what is found."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import structlog

from demo.folder import CannotStart
from server.config import BadConfiguration, Settings
from server.console.stage import Stage
from server.run import Server, serving


@asynccontextmanager
async def centre(place: Path, settings: Mapping[str, Any], stage: Stage | None = None) -> AsyncIterator[Server]:
    """Run the centre with these settings over the demo's own: embedded broker and history, loopback only. Raises CannotStart."""
    plain: dict[str, Any] = {
        "broker": {"url": "mqtt://127.0.0.1:0", "embedded": True},
        "history": {"kind": "embedded", "path": place / "history.db"},
        "state": {"url": f"sqlite+aiosqlite:///{place}/state.db"},
        "console": {"listen": "127.0.0.1:0"},
    } | dict(settings)
    with (place / "centre.log").open("a", buffering=1, encoding="utf-8") as log:
        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
            logger_factory=structlog.WriteLoggerFactory(log),
        )
        plain_log = logging.StreamHandler(log)  # warnings of libraries and of parts that do not use structlog
        logging.getLogger().addHandler(plain_log)
        try:
            async with serving(Settings.model_validate(plain), stage=stage) as server:
                yield server
        except BadConfiguration as bad:
            raise CannotStart(f"demo: {bad}{' with --port' if 'console.listen' in str(bad) else ''}") from None
        finally:
            logging.getLogger().removeHandler(plain_log)
            structlog.reset_defaults()
