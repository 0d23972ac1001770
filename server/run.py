"""Puts the server together and runs it: one TaskGroup, every part named, shutdown by cancellation that loses nothing.

Only wiring lives here: which parts there are is the configuration's word, what they do is theirs.
"""

import asyncio
import contextlib
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version

import structlog
from prometheus_client import CollectorRegistry

from judge.judgement import Judge
from judge.knowledge.files import KnowledgeError
from judge.knowledge.model import Knowledge
from judge.policy import PolicyError, parse_policy
from server.collector.collector import Collector, Limits
from server.collector.intake import Terms
from server.collector.meaning import Interpreter
from server.collector.pipeline import Pipeline
from server.collector.replay import Replay
from server.collector.telemetry import NEED_A_PERSON, Telemetry
from server.config import BadConfiguration, Settings
from server.console.api.openapi import document
from server.console.api.routes import ROUTES
from server.console.api.serving import BASE, Api
from server.console.console import Console, Sources
from server.console.desk import Desk
from server.console.forms import Forms
from server.console.health import Health, add_health
from server.console.listening import listen
from server.console.reflecting import Reflecting, reflecting
from server.console.stage import Stage
from server.duties import duties_of
from server.feed.following import Following
from server.feed.metrics import ListMetrics
from server.feed.standing import words as list_words
from server.fleet.publishing import Publisher
from server.history.embedded import Embedded
from server.history.influx import Influx, InfluxSettings
from server.history.port import History, Unavailable
from server.ingest.broker import COLLECTOR, BrokerUnavailable, EmbeddedBroker
from server.ingest.mqtt import BrokerSettings, MqttIngest
from server.ingest.secure import broker_settings
from server.knowledge import KnowledgeSource
from server.learning import Learned
from server.means import Means
from server.memory import relax_garbage_collection
from server.sites import SiteSource
from server.state.database import STATE_FAULTS, Database, StateUnavailable, open_database
from server.watcher.refreshing import MEASURE_S, Refresher, StateReader
from server.watcher.watcher import Watcher

VERSION = version("middlewatch")


@dataclass(slots=True)
class Server:
    """A running server, for whoever embeds it (the demo, tests)."""

    settings: Settings
    database: Database
    history: History
    collector: Collector
    telemetry: Telemetry
    ingest: MqttIngest
    watcher: Watcher | None
    console: Console
    broker_port: int
    knowledge: KnowledgeSource
    interpreter: Interpreter
    sites: SiteSource
    lists: Following
    now: Callable[[], int]
    console_port: int = 0
    learned: Learned = field(init=False)
    listed: Knowledge | None = None
    """What is judged by, without what the fleet has learned; None is what the interpreter began with."""
    reflector: Reflecting = field(default_factory=Reflecting)

    def __post_init__(self) -> None:
        """Begin without what the fleet has learned; it is read at once."""
        self.learned = Learned(self.database)

    def adopt(self, knowledge: Knowledge) -> None:
        """Judge by another knowledge from the next report on, with the newest endpoint lists over it."""
        self.judge_by(self.lists.over(knowledge))

    def learn(self) -> None:
        """Judge by what the fleet has learned from the next report on."""
        self.judge_by(self.listed or self.interpreter.judge.knowledge)

    def judge_by(self, knowledge: Knowledge) -> None:
        """Judge by this knowledge from the next report on, with the authorities the fleet has learned."""
        self.listed = knowledge
        judge = Judge(self.learned.over(knowledge), self.interpreter.judge.policy)
        self.interpreter.use(judge)
        self.telemetry.watch_judge(judge)


def open_history(settings: Settings) -> History:
    """Return the configured history, not yet connected."""
    history = settings.history
    if history.kind == "embedded":
        return Embedded(history.path)
    return Influx(InfluxSettings(history.url, history.token, history.org, history.timeout_s))


@asynccontextmanager
async def serving(settings: Settings, now: Callable[[], int] = time.time_ns, stage: Stage | None = None) -> AsyncIterator[Server]:
    """Start everything, give the running server, and stop it at the end. Raises BadConfiguration for what cannot start.

    `stage` is what a demo's page may do besides looking.
    """
    log = structlog.get_logger("middlewatch")
    async with contextlib.AsyncExitStack() as stack:
        source = KnowledgeSource(settings.knowledge, settings.collector.public_roots, log)
        judge = _judge(settings, source)
        database = await _database(settings)
        stack.push_async_callback(database.close)
        lists = Following(database, judge.knowledge)
        judge = await _with_newest(lists, judge)
        history = open_history(settings)
        stack.push_async_callback(history.close)
        away = await _check_history(history)
        broker = await _broker(settings, stack)
        registry = CollectorRegistry()
        telemetry = Telemetry(registry, log)
        telemetry.watch_judge(judge)
        if away is not None:
            telemetry.unavailable(away.condition, str(away))
        ingest = MqttIngest(broker, log, telemetry.broker.set)
        sites = SiteSource(settings, database)
        await _read_sites(sites)
        places = sites.registry
        interpreter = Interpreter(judge)
        measure_s = max(MEASURE_S, settings.watcher.refresh_s / 2)
        reader = StateReader(database, history, places, lambda: interpreter.judge.knowledge, measure_s)
        means = Means(settings, database, history, places, lambda: interpreter.judge.knowledge, now, reader.read, broker, registry)
        watcher = _watcher(means, reader)
        collector = Collector(
            Pipeline(database, history, interpreter, Terms(settings.collector.accept_lab_agents), places),
            ingest,
            Replay(database, history),
            telemetry,
            now,
            Limits(queue_bytes=settings.collector.queue_mb << 20),
            wake_watcher=watcher.wake if watcher else lambda: None,
        )
        said = partial(_lists_said, settings, lists, interpreter)
        registry.register(ListMetrics(settings.list_instances, lambda: interpreter.judge.knowledge.lists, lambda: lists.heads, now))
        sources = Sources(database, history, places, lambda: interpreter.judge.knowledge, lambda: telemetry.condition_sentence or "", said)
        console = Console(settings, sources, registry, now, stage)
        server = Server(
            settings, database, history, collector, telemetry, ingest, watcher, console, broker.port, source, interpreter, sites, lists, now
        )
        health = partial(add_health, registry=registry, health=lambda: _health(server))
        host = settings.console.listen.rpartition(":")[0].strip("[]")
        api = Api(means, ROUTES, document(ROUTES, VERSION, BASE), host)
        forms = Forms(api, console.renderer.sentence, console.renderer.imported, host)
        pages = (console.add, api.add, forms.add, Desk(api, console.renderer, host).add)
        server.console_port = await listen("console.listen", settings.console.listen, stack, health, *pages)
        server.reflector = await reflecting(settings.reflector, stack)
        await stack.enter_async_context(_at_work(server))  # last: by now all that cannot start has said so
        yield server


@asynccontextmanager
async def _at_work(server: Server) -> AsyncIterator[None]:
    """Run the tasks while the body runs. What the body raises comes out as it is: a TaskGroup would wrap it."""
    raised: Exception | None = None
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(server.sites.run(), name="sites"),
            group.create_task(server.lists.run(server.judge_by), name="endpoint-lists"),
            group.create_task(server.learned.run(server.learn), name="learned"),
        ]
        if server.settings.collector.enabled:
            tasks.append(group.create_task(server.collector.run(), name="collector"))
            tasks.append(group.create_task(server.ingest.run(server.collector.offer), name="mqtt-ingest"))
            tasks.append(group.create_task(Publisher(server.database, server.ingest).run(), name="plans"))
        if server.watcher is not None:
            tasks.append(group.create_task(server.watcher.run(), name="watcher"))
        if server.settings.knowledge.bundle is not None:
            tasks.append(group.create_task(server.knowledge.run(server.adopt), name="knowledge"))
        if server.console_port:
            tasks.append(group.create_task(server.console.run(), name="console"))
        try:
            yield
        except Exception as error:  # noqa: BLE001 - raised again below
            raised = error
        finally:
            for task in tasks:
                task.cancel()
    if raised is not None:
        raise raised


def _health(server: Server) -> Health:
    """Return what the parts that are switched on say of themselves."""
    parts = {}
    if server.settings.collector.enabled:
        parts = {"history": server.telemetry.condition_sentence or "ok", "broker": server.ingest.sentence or "ok"}
    ok = set(parts.values()) <= {"ok"}
    if server.watcher is not None:
        parts["watcher"] = "decides" if server.watcher.active else "stands by"
    if server.settings.knowledge.bundle is not None:
        parts["knowledge"] = server.knowledge.trouble or "ok"
    parts["endpoints"] = _lists_said(server.settings, server.lists, server.interpreter, server.now())
    if server.settings.collector.accept_lab_agents:
        parts["lab"] = "this centre accepts lab agents"
    return Health(ok, parts)


def _lists_said(settings: Settings, lists: Following, interpreter: Interpreter, now_ns: int) -> str:
    """Say which endpoint lists are in use, and how old they are."""
    held = interpreter.judge.knowledge.lists
    return list_words(held, lists.heads, settings.list_instances, now_ns, enabled=settings.feed.enabled)


def _watcher(means: Means, reader: StateReader) -> Watcher | None:
    if not means.settings.watcher.enabled:
        return None
    refresher = Refresher(reader, means.history, means.settings.watcher.refresh_s, means.now)
    return Watcher(means.database, means.history, secrets.token_hex(4), means.now, refresher, means.registry, duties_of(means))


def _judge(settings: Settings, source: KnowledgeSource) -> Judge:
    try:
        policy = parse_policy(settings.policy)
    except PolicyError as error:
        raise BadConfiguration([f"config: {error}"]) from None
    try:
        knowledge = source.start()
    except KnowledgeError as error:
        raise BadConfiguration([f"config: collector.public_roots: {error}"]) from None
    return Judge(knowledge, policy)


async def _database(settings: Settings) -> Database:
    try:
        return await open_database(settings.state.url)
    except StateUnavailable as error:
        raise BadConfiguration([f"config: {error}"]) from None


async def _with_newest(lists: Following, judge: Judge) -> Judge:
    """Return a judge by the newest endpoint lists before anything is decided: no plan is issued by an older one at a restart."""
    try:
        newer = await lists.look()
    except STATE_FAULTS as error:
        raise BadConfiguration([f"config: state.url: the database fails ({type(error).__name__}); check that it runs"]) from None
    return judge if newer is None else Judge(newer, judge.policy)


async def _read_sites(sites: SiteSource) -> None:
    try:
        await sites.look()
    except STATE_FAULTS as error:
        raise BadConfiguration([f"config: state.url: the database fails ({type(error).__name__}); check that it runs"]) from None


async def _check_history(history: History) -> Unavailable | None:
    """Refuse to start on what does not mend itself (no right, no bucket, a file that cannot be); return what is waited for."""
    try:
        if isinstance(history, Influx):
            await history.check()
        else:
            await history.latest("mw_raw", "web", ["seq"], {}, time.time_ns())  # opens the file
    except Unavailable as unavailable:
        if unavailable.condition in NEED_A_PERSON or (unavailable.condition == "away" and not isinstance(history, Influx)):
            raise BadConfiguration([f"config: {unavailable}"]) from None
        return unavailable
    return None


async def _broker(settings: Settings, stack: contextlib.AsyncExitStack) -> BrokerSettings:
    broker = broker_settings(settings.broker)
    if not settings.broker.embedded:
        return broker
    password = settings.broker.password or secrets.token_urlsafe(24)
    embedded = EmbeddedBroker(broker.host, broker.port, password)
    try:
        port = await embedded.start()
    except BrokerUnavailable as error:
        raise BadConfiguration([f"config: {error}"]) from None
    stack.push_async_callback(embedded.stop)
    return replace(broker, port=port, username=COLLECTOR, password=password)


async def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    relax_garbage_collection()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt, which cancels as well
            loop.add_signal_handler(name, stop.set)
    log = structlog.get_logger("middlewatch")
    async with serving(settings) as server:
        log.info("serving", broker=settings.broker.url, history=settings.history.kind, console_port=server.console_port)
        if server.reflector.key:
            log.info("reflector_signs", key=server.reflector.key, meaning="write it as reflector.key into the plan")
        if settings.collector.accept_lab_agents:
            log.warning("lab_agents_accepted", meaning="reports may come from agents with trust roots of their own")
        await stop.wait()
        log.info("stopping", meaning="what is not receipted, agents send again")
