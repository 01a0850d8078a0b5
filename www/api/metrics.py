"""The farm in figures, as Prometheus reads them. Labels are few and bounded: topics and pull
requests are counted, not named."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from farm.records.finished import Ended
from farm.records.store import BUILT, FAILED
from www.api.answers.known import Known

MEDIA_TYPE = CONTENT_TYPE_PLAIN_1_0_0
BUCKETS_S = (5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)
STATES = ("published", "built", "building", "ready", "waiting", "blocked", "failed")
WORKER_STATES = ("connected", "paused", "missing")


class Totals:
    """Ended builds, counted since the master's start: Prometheus expects counters to begin anew."""

    def __init__(self, now: float):
        self.until = now
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.buckets: Counter[tuple[str, int]] = Counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def add(self, ended: list[Ended]) -> None:
        """Count builds that ended after `until`."""
        for one in ended:
            self.until = max(self.until, one.finished_at)
            self.outcomes[one.distro, one.outcome] += 1
            self.buckets[one.distro, bisect_left(BUCKETS_S, one.duration_s)] += 1
            self.seconds[one.distro] += one.duration_s


class _Families:
    """A collector of what one moment has."""

    def __init__(self, families: list[Metric]):
        self._families = families

    def collect(self) -> Iterator[Metric]:
        yield from self._families


def metrics(known: Known, totals: Totals, workers: list[dict[str, Any]]) -> bytes:
    """All figures, in Prometheus's text format.

    :param totals: is brought up to date.
    :param workers: as Buildbot's data interface has them.
    """
    distros = list(known.farm.stack.distros)
    totals.add(known.farm.records.ended_since(distros, totals.until))
    registry = CollectorRegistry()
    families = [*_lines(known), *_builds(known, totals), *_others(known, workers)]
    registry.register(_Families(families))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


def _lines(known: Known) -> Iterator[Metric]:
    line = ("channel", "distro")
    components = GaugeMetricFamily(
        "farm_components", "Components of a line by state", labels=(*line, "state")
    )
    held_back = GaugeMetricFamily(
        "farm_held_back_components", "Built, and kept out of the archive", labels=line
    )
    published = GaugeMetricFamily(
        "farm_published_timestamp_seconds", "When the archive last changed", labels=line
    )
    running = GaugeMetricFamily(
        "farm_generation_running", "1 while a generation is under way", labels=line
    )
    left = GaugeMetricFamily(
        "farm_remaining_path_seconds", "The longest chain of builds that is left", labels=line
    )
    for place in known.farm.lines:
        if place[0] not in known.farm.stack.channels:
            continue
        counts = known.counts(place)
        for state in STATES:
            components.add_metric((*place, state), counts.get(state, 0))
        snapshot = known.snapshot(place)
        held_back.add_metric(place, len(snapshot.held_back) if snapshot else 0)
        if snapshot:
            published.add_metric(place, snapshot.published_at)
        running.add_metric(place, known.busy(place) != "idle")
        left.add_metric(place, max(known.farm.line(place).plan.remaining_s.values(), default=0.0))
    yield from (components, held_back, published, running, left)


def _builds(known: Known, totals: Totals) -> Iterator[Metric]:
    queued: Counter[str] = Counter()
    running: Counter[str] = Counter()
    troubled: Counter[str] = Counter()
    for key, row in known.farm.records.unfinished.items():
        if key in known.farm.running:
            (running if row.started_at else queued)[row.distro] += 1
        troubled[row.distro] += row.attempts > 0
    for name, words, counts in (
        ("farm_queued_builds", "Builds that wait for a worker", queued),
        ("farm_running_builds", "Builds that a worker has begun", running),
        (
            "farm_troubled_builds",
            "Builds that the machinery failed at",
            troubled,
        ),
    ):
        family = GaugeMetricFamily(name, words, labels=("distro",))
        for distro in known.farm.stack.distros:
            family.add_metric((distro,), counts[distro])
        yield family
    ended = CounterMetricFamily("farm_builds", "Ended builds", labels=("distro", "outcome"))
    durations = HistogramMetricFamily(
        "farm_build_duration_seconds", "How long builds took", labels=("distro",)
    )
    names = [*(str(float(bound)) for bound in BUCKETS_S), "+Inf"]
    for distro in known.farm.stack.distros:
        for outcome in (BUILT, FAILED):
            ended.add_metric((distro, outcome), totals.outcomes[distro, outcome])
        sums = accumulate(totals.buckets[distro, number] for number in range(len(names)))
        durations.add_metric((distro,), list(zip(names, sums, strict=True)), totals.seconds[distro])
    yield from (ended, durations)


def _others(known: Known, workers: list[dict[str, Any]]) -> Iterator[Metric]:
    connected = GaugeMetricFamily("farm_workers", "Workers by state", labels=("state",))
    states = Counter(_worker_state(worker) for worker in workers)
    for state in WORKER_STATES:
        connected.add_metric((state,), states[state])
    topics = GaugeMetricFamily("farm_topics", "Topics and pull requests", labels=("kind",))
    kinds = Counter(topic.kind for topic in known.farm.records.topics.values())
    for kind in ("topic", "pull"):
        topics.add_metric((kind,), kinds[kind])
    problems = GaugeMetricFamily(
        "farm_unreadable_components",
        "Components whose repository cannot be read",
        value=len(known.farm.problems),
    )
    disk = GaugeMetricFamily(
        "farm_state_disk_bytes", "The file system of the farm's state", labels=("kind",)
    )
    found = os.statvfs(known.site.state)
    disk.add_metric(("size",), found.f_blocks * found.f_frsize)
    disk.add_metric(("free",), found.f_bavail * found.f_frsize)
    yield from (connected, topics, problems, disk)


def _worker_state(worker: dict[str, Any]) -> str:
    if not worker["connected_to"]:
        return "missing"
    return "paused" if worker["paused"] else "connected"
