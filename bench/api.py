"""What each answer of the farm's interface costs, beside serialising the same bytes.

    python bench/api.py [--data FILE] [--distros N] [--topics N] [--history N]

A farm of as many components with everything built, in the middle of a generation that a base
component's commit set off, with topics. Each address is asked after a change, when its answer is
made anew, and again, when it is kept. The floor is `json.dumps` of the same document. Server time
only: the network and Twisted's parsing of requests are the same for all.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from twisted.internet import defer
from twisted.web.test.requesthelper import DummyRequest

from bench.farms import CHANNEL, LineFarm
from bench.graphs import DEBIAN, load, peak_mb, print_json, table
from farm.records.rows import Topic
from farm.site import Site
from farm.topics import TOPIC, pinned
from www.api.answers import commits
from www.api.answers.known import Known
from www.api.history import CommitFacts, Containing
from www.api.kept import Kept, KeptAnswers
from www.api.metrics import Totals, metrics
from www.api.resource import FarmApi
from www.api.source import Source
from www.gate import Gate

ROUNDS = 7
BUILT = 40
"""Builds of the running generation that are done."""
LIMIT_MS = 300.0


class FarmOnly(Source):
    """A farm without a Buildbot around it."""

    def __init__(self, farm: LineFarm, site: Site):
        super().__init__(None, site)
        self._plan = SimpleNamespace(state=farm)

    @property
    def plan(self) -> Any:
        """In place of the scheduler."""
        return self._plan


def busy_farm(arguments: argparse.Namespace) -> LineFarm:
    """A farm in the middle of a generation."""
    graph = load(arguments.data)
    farm = LineFarm(graph, arguments.distros)
    farm.grow_history(arguments.history)
    base = max(graph.order, key=lambda name: len(graph.all_dependents[name]))
    farm.push(base)
    farm.advance_all()
    for _ in range(BUILT // arguments.distros):
        for line in farm.lines:
            if farm.running[line]:
                farm.finish(line, min(farm.running[line]))
        farm.advance_all()
    middle = sorted(graph.order, key=lambda name: len(graph.all_dependents[name]))
    for number in range(arguments.topics):
        name = middle[len(middle) // 2 + number % 100]
        topic = Topic(
            name=f"topic-t{number}",
            kind=TOPIC,
            branch=f"t{number}",
            base=CHANNEL,
            heads=pinned(CHANNEL, farm.records.heads),
            reason="bench",
            who="bench",
            created_at=float(number),
            refreshed_at=0.0,
            expires_at=1e12,
        )
        head = replace(farm.records.heads[CHANNEL, name], commit=f"{number + 100:040x}")
        farm.farm.put_topic(topic, [head])
    return farm


def asked(api: FarmApi, path: str, headers: dict[str, str]) -> Kept:
    """Ask for an answer, as a request does."""
    where, _, query = path.partition("?")
    request = DummyRequest([part.encode() for part in where.split("/")])
    request.prepath = [b"api", b"farm", b"v1"]
    for one in query.split("&") if query else ():
        name, _, value = one.partition("=")
        request.addArg(name.encode(), value.encode())
    for name, value in headers.items():
        request.requestHeaders.addRawHeader(name, value)
    found: list[Any] = []
    defer.ensureDeferred(api._answer(request)).addBoth(found.append)
    assert isinstance(found[0], Kept) and found[0].status < 400, found
    return found[0]


def median_ms(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    """CPU time of a call: others may use the machine meanwhile."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        call()
        times.append(time.process_time() - began)
    return statistics.median(times) * 1000


def figures_of(api: FarmApi, farm: LineFarm, path: str) -> dict[str, float]:
    """What an address costs."""

    def fresh() -> Kept:
        farm.records.revision += 1
        # Large answers are given for a while whatever changes.
        api._kept = KeptAnswers()
        return asked(api, path, {})

    def packed() -> bytes:
        return fresh().packed()

    began = time.process_time()
    first = fresh()
    first_ms = (time.process_time() - began) * 1000
    document = json.loads(first.body) if first.kind == "application/json" else str(first.body)
    floor_ms = median_ms(lambda: json.dumps(document), 20)
    known = asked(api, path, {})
    return {
        "kb": len(first.body) / 1000,
        "packed_kb": len(first.packed()) / 1000,
        "first_ms": first_ms,
        "fresh_ms": median_ms(fresh),
        "fresh_packed_ms": median_ms(packed),
        "unchanged_ms": median_ms(lambda: asked(api, path, {"if-none-match": known.etag}), 20),
        "floor_ms": floor_ms,
    }


def commit_ms(farm: LineFarm, site: Site, name: str) -> float:
    """Where a commit is, without what git is asked."""
    head = farm.records.heads[CHANNEL, name].commit
    facts = CommitFacts(head, "", "", 0.0, (name,), {head: Containing(frozenset([head]), 0.0)})
    return median_ms(lambda: commits.commit(Known(farm.farm, site, time.time()), facts))


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=DEBIAN, metavar="FILE")
    parser.add_argument("--distros", type=int, default=6)
    parser.add_argument("--topics", type=int, default=20)
    parser.add_argument("--history", type=int, default=10, help="builds of each component")
    arguments = parser.parse_args()
    farm = busy_farm(arguments)
    site = Site(state=Path("/nonexistent"), components=Path("/nonexistent"))
    here = site.model_copy(update={"state": Path()})
    api = FarmApi(FarmOnly(farm, site), Gate(site))
    line = f"{CHANNEL}/{farm.lines[0][1]}"
    base = max(farm.graph.order, key=lambda name: len(farm.graph.all_dependents[name]))
    key = farm.farm.line(farm.lines[0]).plan.nodes[base].key
    assert key
    paths = {
        "lines": "lines",
        "a line": f"lines/{line}",
        "a line, what waits": f"lines/{line}?state=waiting&limit=100",
        "the matrix": f"matrix/{CHANNEL}",
        "troubles": "troubles?limit=500",
        "publications": "publications",
        "newest commits": "pushes",
        "components": "components",
        "a base component": f"components/{base}?builds=10",
        "its neighbours": f"components/{base}/graph?depth=20",
        "a generation": f"generations/{line}",
        "a snapshot": f"snapshots/{line}",
        "topics, a page": "topics",
        "a topic": "topics/t3",
        "a feed": f"lines/{line}/feed.atom",
        "description": "openapi.json",
    }
    figures = {name: figures_of(api, farm, path) for name, path in paths.items()}
    rows = [
        [
            name,
            f"{one['fresh_ms'] / one['floor_ms']:.1f}",
            *(f"{one[k]:.1f}" for k in ("fresh_ms", "fresh_packed_ms", "first_ms", "floor_ms")),
            f"{one['unchanged_ms']:.2f}",
            f"{one['kb']:.0f}",
            f"{one['packed_kb']:.0f}",
        ]
        for name, one in figures.items()
    ]
    count = len(farm.graph.order)
    print(f"{count} components, {arguments.distros} distros, {arguments.topics} topics; ms of CPU")
    head = ["", "÷ floor", "fresh", "+ gzip", "first", "floor", "304", "kB", "gzip kB"]
    print(table(head, rows))
    where = commit_ms(farm, site, base)
    print(f"where a commit is, without git: {where:.1f} ms; peak memory {peak_mb():.0f} MB")
    totals = Totals(farm.now)
    figures_ms = median_ms(lambda: metrics(Known(farm.farm, here, time.time()), totals, []))
    print(f"metrics: {figures_ms:.1f} ms")
    worst = max(one["fresh_packed_ms"] for one in figures.values())
    print(f"the slowest answer takes {worst:.0f} of {LIMIT_MS:.0f} ms")
    print_json(
        {
            "components": count,
            "distros": arguments.distros,
            "topics": arguments.topics,
            "slowest_ms": worst,
            "line_ratio": figures["a line"]["fresh_ms"] / figures["a line"]["floor_ms"],
            "commit_ms": where,
            "metrics_ms": figures_ms,
            "answers": figures,
        }
    )


if __name__ == "__main__":
    main()
