"""A real influxd 2: set up once, then a fresh organisation with its own three buckets for each test."""

import http.client
import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from server.history.influx import InfluxSettings
from server.history.retention import RETENTION_S
from tests.servers.process import Server

TOKEN = "operator-token-of-a-throw-away-server"


class Influx(Server):
    """`url`, `org` and `token` open the first organisation; its buckets are made by `start`."""

    org = "middlewatch"
    token = TOKEN

    def __init__(self, program: str) -> None:
        super().__init__("influx")
        self._program = program
        self._onboarded = False

    @property
    def url(self) -> str:
        """Return the address as the server's configuration writes it."""
        return f"http://127.0.0.1:{self.port}"

    def arguments(self) -> Sequence[str]:
        """Return the command line; reporting home is off."""
        paths = {"bolt-path": "bolt", "engine-path": "engine", "sqlite-path": "sqlite"}
        options = [f"--{option}={self.folder / name}" for option, name in paths.items()]
        return [self._program, *options, f"--http-bind-address=127.0.0.1:{self.port}", "--reporting-disabled", "--log-level=error"]

    def is_ready(self) -> bool:
        """Return whether it says that it is healthy; the first time, set it up."""
        try:
            if self.ask("GET", "/health")["status"] != "pass":
                return False
            if not self._onboarded:
                setup = {"username": "middlewatch", "password": "a password of tests", "org": self.org, "bucket": "unused", "token": TOKEN}
                made = self.ask("POST", "/api/v2/setup", setup)
                self._make_buckets(made["org"]["id"])
                self._onboarded = True
        except (OSError, http.client.HTTPException):
            return False
        return True

    def settings(self, timeout_s: float = 10.0) -> InfluxSettings:
        """Return what opens the first organisation."""
        return InfluxSettings(self.url, self.token, self.org, timeout_s)

    def fresh(self, *, buckets: bool = True, timeout_s: float = 10.0) -> InfluxSettings:
        """Make an organisation of its own with three empty buckets, and a token that may do all in it."""
        name = f"test-{uuid4().hex[:12]}"
        org = self.ask("POST", "/api/v2/orgs", {"name": name})["id"]
        if buckets:
            self._make_buckets(org)
        resources = [{"type": "buckets", "orgID": org}, {"type": "orgs", "id": org}]
        rights = [{"action": action, "resource": resource} for resource in resources for action in ("read", "write")]
        token = self.ask("POST", "/api/v2/authorizations", {"orgID": org, "permissions": rights})["token"]
        return InfluxSettings(self.url, token, name, timeout_s)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask the HTTP API as operator; return its JSON. Raises RuntimeError for any answer but success."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"influxd answers {answer.status} to {method} {path}: {said[:300]!r}")
        return json.loads(said or b"null")

    def _make_buckets(self, org: str) -> None:
        for bucket, seconds in RETENTION_S.items():
            rules = [{"type": "expire", "everySeconds": seconds}] if seconds is not None else []
            self.ask("POST", "/api/v2/buckets", {"orgID": org, "name": bucket, "retentionRules": rules})
