"""What the page costs the centre with a thousand sites, and whether it stays live: the whole demo runs, and is asked as a browser asks.

    scripts/bench console [--fleet 1000] [--requests 40]

Prints one JSON object on its last line. `page_ms` is the server's own time for a page, reading and drawing, from its Server-Timing
header, while every agent reports and somebody watches; `first_page_ms` while nobody does; `fetch_ms` is what the asking program saw.
`live_s` is from the insertion of a device to its event in the stream of sections. `desk_ms` is the desk after that, with a case open for
the device, while every agent reports; `desk_parts_ms` the median of each of its parts.
"""

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).parent / "middlewatch-demo"
PATIENCE_S = 300.0
ALONE = 7
"""Pages asked while nobody watches: each waits for a reading of the state database."""


def main() -> None:
    """Run the demo, ask, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fleet", type=int, default=1000)
    parser.add_argument("--requests", type=int, default=40)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mw-bench-") as folder:
        process = subprocess.Popen(
            [PROGRAM, "up", "--port", "0", "--fleet", str(asked.fleet), "--folder", folder],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        try:
            print(json.dumps(measure(address(process), process.pid, asked.fleet, asked.requests)))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def address(process: "subprocess.Popen[str]") -> str:
    """Return where the page is; go on reading when it has said all of its start."""
    found = ""
    assert process.stdout is not None
    for line in process.stdout:
        if match := re.search(r"open +(http://\S+)/", line):
            found = match[1]
        if "Ctrl-C ends it" in line:
            return found
    raise SystemExit("the demo did not start")


def measure(url: str, pid: int, fleet: int, requests: int) -> dict[str, Any]:
    """Wait for every site, then ask for pages, all sites and the first hundred in turn; then insert a device and wait for it."""
    begun = time.monotonic()
    while (sites := everything(url).count("<tr data-key=")) < fleet + 3:
        if time.monotonic() - begun > PATIENCE_S:
            raise SystemExit(f"{sites} of {fleet + 3} sites after {PATIENCE_S:g} s")
        time.sleep(1)
    whole_s = time.monotonic() - begun
    cpu, started = cpu_s(pid), time.monotonic()
    timings: dict[str, list[tuple[float, float]]] = {"": [], "all=1": []}
    alone = []
    for _ in range(ALONE):
        time.sleep(2)
        alone.append(timed(f"{url}/?site=Porto"))
    with urllib.request.urlopen(f"{url}/live?site=Lyon", timeout=60):
        for _ in range(requests):
            for query, found in timings.items():
                found.append(timed(f"{url}/?{query}"))
                time.sleep(0.25)
    busy = (cpu_s(pid) - cpu) / (time.monotonic() - started)
    size_kb, live = round(len(everything(url)) / 1000), live_s(url)
    return {
        "sites": fleet + 3,
        "page_ms_p50": round(statistics.median(one[0] for one in timings[""]), 1),
        "page_ms_p95": p95([one[0] for one in timings[""]]),
        "page_ms_max": round(max(one[0] for one in timings[""]), 1),
        "first_page_ms_p50": round(statistics.median(one[0] for one in alone), 1),
        "all_sites_page_ms_p50": round(statistics.median(one[0] for one in timings["all=1"]), 1),
        "all_sites_page_ms_max": round(max(one[0] for one in timings["all=1"]), 1),
        "fetch_ms_p50": round(statistics.median(one[1] for one in timings[""]), 1),
        "page_kb": size_kb,
        "centre_cpu_share": round(busy, 2),
        "centre_rss_mb": rss_mb(pid),
        "all_sites_after_s": round(whole_s, 1),
        "live_s": live,
        **desk(url, requests),
    }


def desk(url: str, requests: int) -> dict[str, Any]:
    """Open a case for the device that was inserted, then ask for the desk again and again."""
    body = json.dumps({"sites": ["Frankfurt"]}).encode()
    opened = urllib.request.Request(f"{url}/api/v1/cases", body, {"Content-Type": "application/json"})
    urllib.request.urlopen(opened, timeout=60).close()
    seen = []
    for _ in range(requests):
        time.sleep(0.25)
        seen.append(fetched(f"{url}/desk"))
    whole = [sum(parts.values()) for parts, _, _ in seen]
    return {
        "desk_ms_p50": round(statistics.median(whole), 1),
        "desk_ms_p95": p95(whole),
        "desk_fetch_ms_p50": round(statistics.median(took for _, took, _ in seen), 1),
        "desk_fetch_ms_p95": p95([took for _, took, _ in seen]),
        "desk_kb": round(seen[-1][2] / 1000),
        "desk_parts_ms": {name: round(statistics.median(parts[name] for parts, _, _ in seen), 1) for name in seen[0][0]},
    }


def p95(times: list[float]) -> float:
    """Return the value at rank floor(q(n-1)), as everywhere in Middlewatch."""
    return round(sorted(times)[int(0.95 * (len(times) - 1))], 1)


def everything(url: str) -> str:
    """Return the page with all sites."""
    with urllib.request.urlopen(f"{url}/?all=1", timeout=60) as answer:
        return str(answer.read().decode())


def timed(url: str) -> tuple[float, float]:
    """Return the server's own milliseconds for a page, and ours."""
    spent, took, _ = fetched(url)
    return sum(spent.values()), took


def fetched(url: str) -> tuple[dict[str, float], float, int]:
    """Return the server's own milliseconds by what it spent them on, ours, and the page's bytes."""
    begun = time.monotonic()
    with urllib.request.urlopen(url, timeout=60) as answer:
        size = len(answer.read())
        spent = re.findall(r"([a-z]+);dur=([0-9.]+)", answer.headers["Server-Timing"])
    return {name: float(ms) for name, ms in spent}, (time.monotonic() - begun) * 1000, size


def live_s(url: str) -> float:
    """Insert a device at Frankfurt; return how long until the stream of sections tells of it."""
    with urllib.request.urlopen(f"{url}/live?site=Lyon", timeout=60) as stream:
        body = urllib.parse.urlencode({"site": "Frankfurt"}).encode()
        begun = time.monotonic()
        urllib.request.urlopen(f"{url}/demo/insert", body, timeout=60).close()
        for line in stream:
            if b"not seen here before" in line and b"Frankfurt" in line:
                return round(time.monotonic() - begun, 1)
    raise SystemExit("the stream ended")


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of the centre's process."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> int:
    """Return the resident memory of the centre's process."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) // 1024 if found else 0


if __name__ == "__main__":
    main()
