"""Running a component's shell lines in its build tree."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from farm.build.phases import MARK
from farm.errors import FarmError
from farm.workspace.environment import RUN_VARIABLE
from farm.workspace.jobserver import Jobserver
from farm.workspace.processes import Processes

TAIL_LINES = 15
_NO_SPACE = re.compile(r"No space left on device|Disk quota exceeded")


class StepFailed(FarmError):
    """A line of a component exited with anything but 0; the message ends with what it printed."""

    def __init__(self, component: str, step: str, status: int, log: Path):
        self.component = component
        self.step = step
        self.log = log
        tail = _tail(log)
        full = _NO_SPACE.search("\n".join(tail))
        why = f": {full[0]}" if full else f" with status {status}"
        lines = "\n".join(f"  {line}" for line in tail)
        super().__init__(f"{component}: {step} failed{why}\n{lines}\n  the whole log: {log}")


@dataclass
class StepRunner:
    """Runs the lines of one component.

    :param environment: of every line; `MAKEFLAGS` is added where lines may run in parallel.
    """

    component: str
    tree: Path
    log: Path
    environment: Mapping[str, str]
    processes: Processes
    jobserver: Jobserver
    _output: BinaryIO | None = field(default=None, init=False)

    def __enter__(self) -> StepRunner:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._output = self.log.open("wb", buffering=0)
        return self

    def __exit__(self, *_: object) -> None:
        if self._output is not None:
            self._output.close()

    def note(self, text: str) -> None:
        """Write a line of the farm's own into the log."""
        if self._output is not None:
            self._output.write(f"{text}\n".encode("utf-8", "replace"))

    def run(
        self,
        step: str,
        line: str,
        *,
        parallel: bool = False,
        meanwhile: Callable[[], None] | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        """Run one line; an empty one does nothing.

        :param parallel: make and its children may run as much as the jobserver allows.
        :param meanwhile: called now and then while it runs.
        :raises StepFailed: it exited with anything but 0.
        """
        if not line or self._output is None:
            return
        self.note(f"{MARK}{step}")
        self.note(f"+ {line}")
        environment = {**self.environment, **(extra or {}), RUN_VARIABLE: os.fspath(self.tree)}
        if parallel:
            environment["MAKEFLAGS"] = self.jobserver.makeflags
        process = self.processes.start(
            ["sh", "-ec", line],
            cwd=self.tree,
            environment=environment,
            output=self._output.fileno(),
            keep_open=self.jobserver.descriptors if parallel else (),
        )
        finished = self.processes.finish(process, meanwhile)
        if finished.status:
            raise StepFailed(self.component, step, finished.status, self.log)


def _tail(log: Path) -> list[str]:
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 16_384))
            text = file.read().decode(errors="replace")
    except OSError:
        return []
    return text.splitlines()[-TAIL_LINES:]
