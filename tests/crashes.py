"""A farm whose master and workers are killed at random moments of its generations."""

from __future__ import annotations

import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from farm.model.load import load_stack
from farm.records.store import FAILED, RUNNING, Records
from farm.site import load_site
from tests.farms import TestFarm, change, git, quick_repository
from tests.stacks import debian

LAYERS = 3
WIDTH = 3
LINES = ("development/bookworm", "development/trixie")
SETTLE_S = 120.0


@contextmanager
def layered_farm(base: Path, **site: Any) -> Iterator[TestFarm]:
    """Three layers of three components, each built with two of the layer below, on two distros."""
    components = {}
    for layer in range(LAYERS):
        for number in range(WIDTH):
            below = {f"c{layer - 1}{number}", f"c{layer - 1}{(number + 1) % WIDTH}"}
            name = f"c{layer}{number}"
            components[name] = {
                "git": quick_repository(base, name),
                "depends": sorted(below) if layer else [],
            }
    stack = {
        "channels": {"development": {}},
        "distros": {
            "bookworm": debian(),
            "trixie": debian("trixie", 13),
        },
        "components": components,
    }
    workers = {"one": {"builds": 2}, "two": {"builds": 2}}
    farm = TestFarm(base, stack, site={"workers": workers, **site})
    try:
        farm.start()
        for line in LINES:
            farm.wait_states(line, timeout_s=SETTLE_S, **dict.fromkeys(components, "published"))
        yield farm
    finally:
        farm.stop()


class Crashes:
    """Pushes commits and kills processes, in an order that the seed decides.

    :param lose_database: cuts the connections to the databases, where these are servers.
    """

    def __init__(
        self, farm: TestFarm, seed: int, lose_database: Callable[[], None] | None = None
    ) -> None:
        self.farm = farm
        self.random = random.Random(seed)  # noqa: S311 - it has to be repeatable
        self.lose_database = lose_database
        self.pushes = Counter[str]()
        self.killed = Counter[str]()

    def round(self) -> None:
        """Push to a few components, wait a moment, kill something, start it again."""
        components = sorted(self.farm.stack["components"])
        for name in self.random.sample(components, self.random.randint(0, 2)):
            self.pushes[name] += 1
            repository = self.farm.base / "git" / name
            files = {"code": str(self.pushes[name])}
            if self.random.random() < 0.3:
                files["interface"] = self.random.choice("ab")
            change(repository, files)
            self.farm.hook(f"file://{repository}")
        time.sleep(self.random.uniform(0, 1.2))
        victims = ["master", "one", "two", *(["database"] if self.lose_database else [])]
        victim = self.random.choice(victims)
        self.killed[victim] += 1
        if victim == "master":
            self.farm.kill(self.farm.master)
            self.farm.start_master()
        elif victim == "database":
            assert self.lose_database is not None
            self.lose_database()
        else:
            self.farm.kill(self.farm.worker(victim))
            self.farm.start_worker(victim)

    def settle(self) -> None:
        """Wait until the newest commit of everything is published on every line."""
        heads = {
            name: git(self.farm.base / "git" / name, "rev-parse", "HEAD")
            for name in self.farm.stack["components"]
        }

        def settled() -> bool:
            lines = self.farm.status()["lines"]
            return all(
                lines.get(line, {}).get("state") == "idle"
                and all(
                    one["state"] == "published" and one["commit"] == heads[name]
                    for name, one in lines[line]["components"].items()
                )
                for line in LINES
            )

        self.farm.wait("everything is published", settled, SETTLE_S)


def contradictions(farm: TestFarm) -> list[str]:
    """What in the records, the pool and Buildbot's own database does not fit together.

    The master must be down.
    """
    site = load_site(farm.base / "site.yml")
    stack = load_stack(site.components, site.variables)
    records = Records(site.records_url)
    wrong: list[str] = []
    try:
        pool = site.state / "pool"
        stored = {path.parent.name for path in pool.glob("[0-9a-f][0-9a-f]/*/result.json")}
        for key, row in records.builds.items():
            if row.outcome == RUNNING:
                wrong.append(f"{row.component} {key[:8]} is unfinished")
            if row.outcome == FAILED:
                wrong.append(f"{row.component} {key[:8]} counts as failed: {row.message}")
            if (row.outcome == "built") != (key in stored):
                wrong.append(f"{row.component} {key[:8]}: {row.outcome}, pool: {key in stored}")
        wrong += [f"the pool has {key[:8]} without record" for key in stored - set(records.builds)]
        for line, generation in records.generations.items():
            if not generation.done:
                wrong.append(f"generation {generation.number} of {line} is not done")
        for line, snapshot in records.snapshots.items():
            if set(snapshot.content) != set(stack.components):
                wrong.append(f"the snapshot of {line} has {sorted(snapshot.content)}")
            wrong += [f"{line}: {n} lost" for n, k in snapshot.content.items() if k not in stored]
    finally:
        records.close()
    stored_before: set[str] = set()
    for line in (farm.state / "events").read_text().splitlines():
        event, key = line.split()
        if event == "store":
            stored_before.add(key)
        elif key in stored_before:
            wrong.append(f"{key[:8]} was built again after it was in the pool")
    return wrong


def open_buildsets(farm: TestFarm) -> int:
    """Buildsets that Buildbot would still work on, where its database is SQLite's."""
    with sqlite3.connect(f"file:{farm.master / 'state.sqlite'}?mode=ro", uri=True) as database:
        return int(
            database.execute("select count(*) from buildsets where complete = 0").fetchone()[0]
        )
