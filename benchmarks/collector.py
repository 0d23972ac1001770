"""scripts/bench collector: reports through real mosquitto (mutual TLS) into one collector process, judge and ledger on.

The history is a null sink: it encodes and compresses like the InfluxDB writer and stops before the socket. The collector process counts
its own CPU (getrusage): each agent's first four rounds, and then the rest. The second run varies every report, so that the judge
remembers none. Points are all that is written, observations and findings; `observations_per_cpu_second` counts observations only,
which is what a program that does not judge (Telegraf) would write of the same reports.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import structlog
from gmqtt import Client
from prometheus_client import CollectorRegistry

import benchmarks.own_tests  # noqa: F401 - before anything of `tests`
from judge.judgement import Judge
from judge.knowledge.loader import load_knowledge
from judge.policy import Policy
from server.collector.collector import Collector, Limits
from server.collector.intake import Terms
from server.collector.meaning import Interpreter
from server.collector.pipeline import Pipeline
from server.collector.replay import Replay
from server.collector.telemetry import Telemetry
from server.config import Broker
from server.history.null import NullHistory
from server.ingest.mqtt import MqttIngest
from server.ingest.port import Replies
from server.ingest.secure import broker_settings
from server.memory import relax_garbage_collection
from server.state.database import open_database
from tests.fakes.recorded import Recorded, Recording, record
from tests.servers.certificates import COLLECTOR
from tests.servers.fixtures import programs
from tests.servers.mosquitto import Mosquitto
from wire import topics
from wire.receipt import Receipt

AGENTS = 500
"""One stream each; a fleet of this size at one report a minute is 8 reports a second, so this is a backlog, the collector's worst hour."""
WARM_ROUNDS = 4
"""An agent's first rounds open its runs and bring its bodies: counted apart (`us_per_report_in_first_rounds`)."""
ACL = "user bench\ntopic write mw/v1/#\nuser mw.collector\ntopic read mw/v1/#\ntopic write mw/v1/#\n"
OBSERVATIONS = 25


@dataclass(frozen=True, slots=True)
class Place:
    """Where the broker is and who we are to it; picklable."""

    port: int
    ca: Path
    certificate: Path
    key: Path
    folder: Path
    roots: Path


def reports(recording: Recording, count: int, *, vary: bool) -> Iterator[tuple[str, bytes]]:
    """Give `count` reports of AGENTS agents, in rounds, one cycle a minute, ending now: the bodies travel with an agent's first only."""
    recorded = Recorded(recording)
    start_ns = time.time_ns() - (count // AGENTS + 2) * 60 * 10**9
    for number in range(count):
        yield recorded.report(number % AGENTS, start_ns + number // AGENTS * 60 * 10**9, vary=number if vary else 0)


def settings(place: Place, name: str) -> Any:  # noqa: ANN401 - BrokerSettings
    """Return how to reach the broker."""
    url = f"mqtts://127.0.0.1:{place.port}"
    return broker_settings(Broker(url=url, ca=place.ca, certificate=place.certificate, key=place.key, client_id=name))


@dataclass(frozen=True, slots=True)
class Stamp:
    """What this process had used when so many reports were receipted."""

    reports: int
    cpu_s: float
    clock_s: float

    @classmethod
    def now(cls, reports: int) -> "Stamp":
        """Return the present stamp."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        return cls(reports, used.ru_utime + used.ru_stime, time.perf_counter())


class Tally:
    """Passes receipts on and counts what they say."""

    def __init__(self, inner: Replies, wanted: int) -> None:
        self._inner, self._wanted = inner, wanted
        self._upto: dict[str, int] = {}
        self._receipted = 0
        self.done = asyncio.Event()
        self.stamps: list[Stamp] = [Stamp.now(0)]

    async def receipt(self, agent: str, receipt: Receipt) -> None:
        """Send one receipt; be done when all reports are receipted."""
        await self._inner.receipt(agent, receipt)
        self._receipted += receipt.upto - self._upto.get(receipt.stream, 0)
        self._upto[receipt.stream] = receipt.upto
        if len(self.stamps) == 1 and self._receipted >= WARM_ROUNDS * AGENTS:
            self.stamps.append(Stamp.now(self._receipted))
        if self._receipted >= self._wanted:
            self.stamps.append(Stamp.now(self._receipted))
            self.done.set()


async def collect(place: Place, count: int, pipe: Connection) -> None:
    """Be the collector process: subscribe, say so, then drain and report what it cost."""
    database = await open_database(f"sqlite+aiosqlite:///{place.folder}/state-{os.getpid()}.db")
    history, judge = NullHistory(), Judge(load_knowledge(place.roots), Policy())
    ingest = MqttIngest(settings(place, "collector-0"), structlog.get_logger())
    tally, received = Tally(ingest, count), 0
    telemetry = Telemetry(CollectorRegistry(), structlog.get_logger())
    pipeline = Pipeline(database, history, Interpreter(judge), Terms(accept_lab_agents=True))
    # no agent stands behind these reports to send a shed one again: all of them must find room
    limits = Limits(queue_reports=count, queue_bytes=1 << 30)
    collector = Collector(pipeline, tally, Replay(database, history), telemetry, time.time_ns, limits)

    def offer(topic: str, payload: bytes) -> Any:  # noqa: ANN401 - Collector.offer's future
        nonlocal received
        received += len(payload)
        return collector.offer(topic, payload)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(collector.run(), name="collector"), group.create_task(ingest.run(offer), name="ingest")]
        await tally.done.wait()
        start, warm, end = tally.stamps
        pipe.send(
            {
                "reports": end.reports - warm.reports,
                "cpu_s": end.cpu_s - warm.cpu_s,
                "seconds": end.clock_s - warm.clock_s,
                "first_us": (warm.cpu_s - start.cpu_s) / warm.reports * 1e6,
                "rows_per_report": history.points / end.reports,
                "bytes_per_report": received / end.reports,
                "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "hits": judge.memo_hits,
                "misses": judge.memo_misses,
                "shed": telemetry.reports.labels("shed")._value.get(),  # noqa: SLF001 - no other way to read a counter
            }
        )
        for task in tasks:
            task.cancel()


def collector_process(place: Place, count: int, pipe: Connection, *, loop: str) -> None:
    """Run the collector on the chosen event loop."""
    relax_garbage_collection()
    if loop == "uvloop":
        import uvloop  # noqa: PLC0415 - optional

        uvloop.run(collect(place, count, pipe))
    else:
        asyncio.run(collect(place, count, pipe))


async def subscribe(place: Place) -> None:
    """Make the collector's persistent session, so that reports wait for it at the broker."""
    who = settings(place, "collector-0")
    client, subscribed = Client("collector-0", clean_session=False, session_expiry_interval=3600), asyncio.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    await client.connect(who.host, who.port, ssl=who.tls)
    client.subscribe(topics.REPORTS, qos=1)
    await subscribed.wait()
    await client.disconnect()


async def publish(place: Place, messages: Iterator[tuple[str, bytes]]) -> None:
    """Send all messages at QoS 1 with a window of ten."""
    who = settings(place, "bench")
    client, acknowledged = Client("bench"), asyncio.Semaphore(10)
    client._persistent_storage.remove_message_by_mid = lambda _mid: acknowledged.release()  # noqa: SLF001 - gmqtt tells nobody else
    await client.connect(who.host, who.port, ssl=who.tls)
    for topic, payload in messages:
        await acknowledged.acquire()
        client.publish(topic, payload, qos=1)
    for _ in range(10):
        await acknowledged.acquire()
    await client.disconnect()


def one_run(recording: Recording, count: int, *, vary: bool, loop: str) -> dict[str, Any]:
    """Fill the broker while the collector drains; return what the collector says of itself."""
    broker = Mosquitto(programs()["mosquitto"])
    acl = broker.folder / "acl"
    acl.write_text(ACL)
    broker._changes |= {"acl_file": str(acl), "max_queued_bytes": "0"}  # noqa: SLF001 - the benchmark's publisher speaks for many agents
    broker.start()
    try:
        us, them = broker.certificates.identity("bench"), broker.certificates.identity(COLLECTOR)
        with tempfile.TemporaryDirectory() as name:
            folder, ca = Path(name), broker.certificates.ca
            (folder / "roots.pem").write_bytes(recording.roots)
            here, there = multiprocessing.Pipe()
            place = Place(broker.port, ca, them.certificate, them.key, folder, folder / "roots.pem")
            asyncio.run(subscribe(place))
            sender = Place(broker.port, ca, us.certificate, us.key, folder, folder / "roots.pem")
            asyncio.run(publish(sender, reports(recording, count, vary=vary)))
            spawn = multiprocessing.get_context("spawn")
            worker = spawn.Process(target=collector_process, args=(place, count, there), kwargs={"loop": loop})
            worker.start()
            result: dict[str, Any] = here.recv()
            worker.join()
            return result
    finally:
        broker.stop()


def summary(raw: dict[str, Any]) -> dict[str, float]:
    """Return the figures of one run."""
    count, cpu = raw["reports"], raw["cpu_s"]
    return {
        "points_per_cpu_second": round(count * raw["rows_per_report"] / cpu),
        "observations_per_cpu_second": round(count * OBSERVATIONS / cpu),
        "us_per_report": round(cpu / count * 1e6, 1),
        "us_per_report_in_first_rounds": round(raw["first_us"], 1),
        "reports_per_second": round(count / raw["seconds"], 1),
        "bytes_per_report": round(raw["bytes_per_report"], 1),
        "peak_rss_mb": round(raw["peak_rss_mb"], 1),
        "memo_hit_rate": round(raw["hits"] / max(1, raw["hits"] + raw["misses"]), 4),
        "shed": raw["shed"],
    }


def main() -> int:
    """Print both runs, then one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=20_000)
    parser.add_argument("--loop", choices=["asyncio", "uvloop"], default="asyncio")
    asked = parser.parse_args()
    if "mosquitto" not in programs():
        print("bench collector: mosquitto is not here; run scripts/servers as root", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        recording = asyncio.run(record(Path(folder)))
    print(f"recorded: {len(recording.cycle['observations'])} observations, {len(recording.facts)} facts")
    steady = summary(one_run(recording, asked.reports, vary=False, loop=asked.loop))
    cold = summary(one_run(recording, max(3000, asked.reports // 4), vary=True, loop=asked.loop))
    for name, figures in (("steady", steady), ("nothing remembered", cold)):
        print(f"{name}: " + ", ".join(f"{key} {value}" for key, value in figures.items()))
    print(json.dumps(steady | {f"cold_{key}": value for key, value in cold.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
