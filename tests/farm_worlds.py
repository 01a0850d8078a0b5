"""A farm without Buildbot for tests: a clock that stands still, and builds done by command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from farm.generations import Farm
from farm.model import Stack
from farm.records.store import BuildRow, LineId, Records
from tests.stacks import head

BOOKWORM_LINE: LineId = ("development", "bookworm")


@dataclass
class FarmWorld:
    """A line, and what happens to it."""

    stack: Stack
    url: str = "sqlite://"
    line: LineId = BOOKWORM_LINE
    now: float = 1000.0

    def __post_init__(self) -> None:
        self.records = Records(self.url, clock=lambda: self.now)
        self.farm = Farm(self.stack, self.records, clock=lambda: self.now)

    def push(self, *names: str, commit: int = 1) -> None:
        """Give components a new commit."""
        for name in names:
            self.farm.observe(self.line[0], head(name, commit))

    def start(self) -> dict[str, BuildRow]:
        """Start what can start; component to its build."""
        self.now += 1
        starts = self.farm.advance(self.line).starts
        for start in starts:
            self.farm.began(start.build.key)
        return {start.build.component: start.build for start in starts}

    def run(self, *failing: str, seconds: float = 60.0, digests: str = "") -> None:
        """Build until nothing is left, then publish.

        :param digests: output digest of everything; by default each commit's own.
        """
        while rows := self.start():
            self.now += seconds
            for row in rows.values():
                if row.component in failing:
                    self.farm.failed(row.key, "test", "3 of 4 tests failed")
                else:
                    self.farm.built(row.key, digests or f"output-{row.source}")
        publish = self.farm.advance(self.line).publish
        if publish is not None:
            old = self.records.snapshots.get(self.line)
            number = old.number + 1 if old else 1
            self.farm.published(publish, number, publish.content, {})


def site_file(folder: Path, components: str, **lines: str) -> Path:
    """A site below `folder` that builds what the text of a components.yml says."""
    (folder / "components.yml").write_text(components)
    path = folder / "site.yml"
    more = "".join(f"{name}: {value}\n" for name, value in lines.items())
    path.write_text(f"state: state\ncomponents: components.yml\n{more}")
    return path
