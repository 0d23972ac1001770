"""The collector's loop: a bounded queue, batches through the pipeline, receipts out; and it waits when nothing can be stored.

Memory is bounded by the queue alone. When it is full, a report is let go: the agent has it on disk and sends it again. Broker
acknowledgements carry no correctness; a source that wants to acknowledge after storing awaits the future `offer` returns.
"""

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from server.collector.pipeline import Contended, Outcome, Pipeline
from server.collector.replay import Replay
from server.collector.telemetry import Telemetry
from server.history.port import Unavailable
from server.ingest.port import Arrival, Replies
from server.state.database import STATE_FAULTS, fault_of

OVERTAKEN_TIMES = 5
"""Other collectors can be faster a few times in a row; after that the fault is in the batch."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Queue bounds and batch size. 256 reports of 25 observations are 12,800 points: three writes of InfluxDB's best size (5,000 lines)."""

    queue_reports: int = 10_000
    queue_bytes: int = 32 << 20
    batch_reports: int = 256
    batch_bytes: int = 8 << 20
    retry_longest_s: float = 30.0
    housekeeping_s: float = 5.0


class Collector:
    """Takes reports from any source, and answers them."""

    def __init__(
        self,
        pipeline: Pipeline,
        replies: Replies,
        replay: Replay,
        telemetry: Telemetry,
        now: Callable[[], int],
        limits: Limits | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        wake_watcher: Callable[[], None] = lambda: None,
    ) -> None:
        self._pipeline = pipeline
        self._replies = replies
        self._replay = replay
        self._telemetry = telemetry
        self._now = now
        self._limits = limits or Limits()
        self._sleep = sleep
        self._wake_watcher = wake_watcher
        self._queue: deque[tuple[Arrival, asyncio.Future[None]]] = deque()
        self._bytes = 0
        self._arrived = asyncio.Event()
        telemetry.watch_queue(lambda: len(self._queue), lambda: self._bytes)

    def offer(self, topic: str, payload: bytes) -> asyncio.Future[None] | None:
        """Queue one message; the future is done when it was processed. None: no room, it was let go."""
        if len(self._queue) >= self._limits.queue_reports or self._bytes + len(payload) > self._limits.queue_bytes:
            self._telemetry.shed(topic)
            return None
        return self._put(Arrival(topic, payload, self._now()))

    def _put(self, arrival: Arrival) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((arrival, future))
        self._bytes += len(arrival.payload)
        self._arrived.set()
        return future

    async def run(self) -> None:
        """Work until cancelled. What was not answered by then, agents send again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._drain(), name="collector-drain")
            group.create_task(self._keep_house(), name="collector-housekeeping")

    async def _drain(self) -> None:
        while True:
            await self._arrived.wait()
            batch = self._next_batch()
            await self.settle([arrival for arrival, _ in batch])
            for _, future in batch:
                if not future.done():
                    future.set_result(None)

    def _next_batch(self) -> list[tuple[Arrival, asyncio.Future[None]]]:
        batch: list[tuple[Arrival, asyncio.Future[None]]] = []
        size = 0
        while self._queue and len(batch) < self._limits.batch_reports and size < self._limits.batch_bytes:
            one = self._queue.popleft()
            size += len(one[0].payload)
            batch.append(one)
        self._bytes -= size
        if not self._queue:
            self._arrived.clear()
            self._telemetry.room()
        return batch

    async def settle(self, batch: Sequence[Arrival]) -> None:
        """Process a batch until it is stored and answered, however long the stores are away."""
        wait, overtaken = 1.0, 0
        while True:
            try:
                outcome = await self._pipeline.process(batch, self._now())
            except Contended:
                continue
            except Unavailable as away:
                self._telemetry.unavailable(away.condition, str(away))
                await self._sleep(min(max(wait, away.retry_after), self._limits.retry_longest_s) * random.uniform(0.75, 1.25))  # noqa: S311 - jitter
                wait = min(wait * 2, self._limits.retry_longest_s)
            except STATE_FAULTS as error:
                fault = fault_of(error)
                overtaken += fault == "overtaken"
                if fault == "refused" or overtaken > OVERTAKEN_TIMES:
                    await self._isolate(batch, error)
                    return
                if fault == "away":
                    self._telemetry.unavailable(
                        "state", f"state database: {type(error).__name__}; check state.url and that the server runs"
                    )
                    await self._sleep(wait)
                    wait = min(wait * 2, self._limits.retry_longest_s)
            except Exception as error:  # noqa: BLE001 - a report our code cannot digest must not stop the others
                await self._isolate(batch, error)
                return
            else:
                self._telemetry.available()
                await self._answer(outcome, batch)
                return

    async def _isolate(self, batch: Sequence[Arrival], error: Exception) -> None:
        """Find the report our own code, or the database, fails on and put it away unread; the others go on.

        One that cannot even be put away gets no receipt: its agent keeps it.
        """
        if len(batch) > 1:
            half = len(batch) // 2
            await self.settle(batch[:half])
            await self.settle(batch[half:])
            return
        self._telemetry.our_fault(batch[0].topic, error)
        if not batch[0].refused:
            await self.settle([replace(batch[0], refused=f"the collector failed on it: {type(error).__name__}")])

    async def _answer(self, outcome: Outcome, batch: Sequence[Arrival]) -> None:
        self._telemetry.done(outcome, len(batch))
        for agent, receipt in outcome.receipts:
            await self._replies.receipt(agent, receipt)
        if outcome.told:
            self._wake_watcher()
        with contextlib.suppress(*STATE_FAULTS):  # what keeps its mark comes again, and is a duplicate then
            await self._replay.finished(outcome, batch)

    async def _keep_house(self) -> None:
        while True:
            await self._sleep(self._limits.housekeeping_s)
            try:
                self._telemetry.quarantine_dropped(await self._replay.tidy(self._now()))
                for arrival in await self._replay.due(self._now()):
                    await self._put(arrival)
            except (*STATE_FAULTS, Unavailable):
                continue  # the drain says so, once
