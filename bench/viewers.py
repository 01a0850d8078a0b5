"""What people who watch cost the builds: 200 open pages while generations are built.

    python bench/viewers.py [--viewers 200] [--components 120] [--waves 3] [--build-s 3]

A generation of a layered graph is built again and again, every other time with viewers: as many
pages as said, of the four kinds that people keep open (overview, matrix, generation, component).
Each asks as the page in a browser does, every two seconds and with the entity tag of the last
answer, over a connection of its own. Builds sleep for some seconds (real ones take longer), so that
the two cores are the master's and the viewers'; what can be slowed is all that the master does for
builds and between them.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.contenders import DISTRO, ThisFarm, layered_graph
from bench.graphs import print_json, table

LAYERS = 6
AT_ONCE = 10
EVERY_S = 2.0
API = "/api/farm/v1"
PAGES = (
    (f"{API}/lines", f"{API}/troubles"),
    (f"{API}/lines?kind=&limit=500", f"{API}/matrix/development"),
    (f"{API}/generations/development/{DISTRO}?waiting=20",),
    (
        f"{API}/components/c000?builds=10",
        f"{API}/components/c000/graph?channel=development&distro={DISTRO}&depth=1",
    ),
)
"""What the pages ask for: the overview, the matrix, a generation and a component."""


class Viewer:
    """One open page."""

    def __init__(self, url: str, addresses: tuple[str, ...]):
        self._place = urlsplit(url)
        self._addresses = addresses
        self._tags: dict[str, str] = {}
        self.waits: list[float] = []
        """Seconds for each answer."""

    async def watch(self, after: float) -> None:
        """Ask until it is cancelled, for the first time after so many seconds."""
        await asyncio.sleep(after)
        reader, writer = await asyncio.open_connection(self._place.hostname, self._place.port)
        while True:
            for address in self._addresses:
                began = time.monotonic()
                await self._ask(address, reader, writer)
                self.waits.append(time.monotonic() - began)
            await asyncio.sleep(EVERY_S)

    async def _ask(
        self, address: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        lines = [f"GET {address} HTTP/1.1", f"Host: {self._place.netloc}", "Accept-Encoding: gzip"]
        if tag := self._tags.get(address):
            lines.append(f"If-None-Match: {tag}")
        writer.write("\r\n".join([*lines, "", ""]).encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        status = int(head[0].split()[1])
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if status == 304:
            return
        assert status == 200, (address, status, body)
        assert headers.get("content-encoding") != "gzip" or gzip.decompress(body)
        self._tags[address] = headers["etag"]


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--components", type=int, default=120)
    parser.add_argument("--waves", type=int, default=3)
    parser.add_argument("--build-s", type=float, default=3, help="seconds that a build takes")
    parser.add_argument("--watch", nargs=2, metavar=("URL", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.watch:
        url, told = options.watch
        waits = asyncio.run(view(url, options.viewers))
        Path(told).write_text("\n".join(map(str, waits)))
        return
    os.environ["BUILD_S"] = str(options.build_s)
    base = Path(tempfile.mkdtemp(prefix="viewers-"))
    farm = ThisFarm(base / "farm", layered_graph(options.components, LAYERS), AT_ONCE)
    alone, watched, waits = [], [], []
    try:
        farm.start()
        for _ in range(options.waves):
            alone.append(timed(farm))
            told = base / "waits"
            argv = [sys.executable, __file__, "--viewers", str(options.viewers)]
            looking = subprocess.Popen([*argv, "--watch", farm.url, str(told)])
            time.sleep(2 * EVERY_S)
            watched.append(timed(farm))
            looking.terminate()
            if looking.wait() != 0:
                raise SystemExit("a viewer got an answer that it cannot read")
            waits += [float(line) for line in told.read_text().split()]
    finally:
        farm.stop()
        shutil.rmtree(base, ignore_errors=True)
    figures = {
        "viewers": options.viewers,
        "build_s": options.build_s,
        "alone_s": statistics.median(alone),
        "watched_s": statistics.median(watched),
        "ratio": statistics.median(watched) / statistics.median(alone),
        "answers": len(waits),
        "answer_median_ms": 1000 * statistics.median(waits),
        "answer_p95_ms": 1000 * statistics.quantiles(waits, n=20)[-1],
    }
    print(table(list(figures), [[f"{value:.3g}" for value in figures.values()]]))
    print_json(figures)


def timed(farm: ThisFarm) -> float:
    """Seconds of one generation."""
    began = time.monotonic()
    farm.wave()
    return time.monotonic() - began


async def view(url: str, viewers: int) -> list[float]:
    """Watch until SIGTERM; seconds of each answer."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    pages = [Viewer(url, PAGES[number % len(PAGES)]) for number in range(viewers)]
    looking = [
        asyncio.create_task(page.watch(EVERY_S * number / viewers))
        for number, page in enumerate(pages)
    ]
    end = asyncio.create_task(ended.wait())
    await asyncio.wait([*looking, end], return_when=asyncio.FIRST_COMPLETED)
    for task in looking:
        if task.done():
            task.result()
        task.cancel()
    return [wait for page in pages for wait in page.waits]


if __name__ == "__main__":
    main()
