"""How long a command takes as a whole: wall time, and CPU time of it and all it starts."""

from __future__ import annotations

import resource
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What one run took, in seconds."""

    wall: float
    cpu: float

    def over(self, floor: Cost) -> float:
        """CPU time as a multiple of another's."""
        return self.cpu / floor.cpu if floor.cpu else 0.0


class CommandFailed(Exception):
    """A measured command did not do its work; the message ends with what it printed."""


def run(
    argv: Sequence[str | Path],
    *,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> Cost:
    """Run a command and measure it.

    :raises CommandFailed: it exited with anything but 0.
    """
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [str(one) for one in argv],
        cwd=cwd,
        env=environment,
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise CommandFailed(f"{argv[0]} exited with {done.returncode}:\n{done.stdout[-3000:]}")
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def best(times: int, measure: Callable[[], Cost]) -> Cost:
    """The cheapest of several runs: what is above it is other work on the machine."""
    costs = [measure() for _ in range(times)]
    return Cost(min(one.wall for one in costs), min(one.cpu for one in costs))
