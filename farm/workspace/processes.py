"""Programs that a command runs at once, and stops together when the user stops the command."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from farm.errors import FarmError
from farm.workspace.errors import Stopped

GRACE_S = 5.0
"""How long a stopped program may clean up before it is killed."""

INTERVAL_MS = 50

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Finished:
    """How a program ended."""

    status: int
    output: str
    errors: str


class Processes:
    """The programs that one command runs. Each has a session of its own, so no terminal: nothing
    can ask a question, and Ctrl-C reaches only the farm, which then stops all of them.
    """

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._guard = threading.Lock()
        self.stopping = False

    def start(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str],
        output: int = subprocess.PIPE,
        keep_open: Sequence[int] = (),
    ) -> subprocess.Popen[str]:
        """Start a program; its two streams are one when `output` is a file.

        :raises Stopped: the command is being stopped.
        :raises FarmError: there is no such program.
        """
        with self._guard:
            if self.stopping:
                raise Stopped
            try:
                process = subprocess.Popen(
                    argv,
                    cwd=cwd,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.PIPE if output == subprocess.PIPE else subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    start_new_session=True,
                    pass_fds=tuple(keep_open),
                )
            except FileNotFoundError as error:
                if cwd is not None and not cwd.is_dir():
                    raise FarmError(f"{cwd} is no directory") from error
                raise FarmError(f"{argv[0]} is not installed") from error
            self._running.add(process)
        return process

    def finish(
        self, process: subprocess.Popen[str], meanwhile: Callable[[], None] | None = None
    ) -> Finished:
        """Wait for a started program.

        :param meanwhile: called now and then while it runs.
        :raises Stopped: the command was stopped meanwhile.
        """
        try:
            if meanwhile is not None:
                _call_until_end(process, meanwhile)
            output, errors = process.communicate()
        finally:
            with self._guard:
                self._running.discard(process)
        if self.stopping:
            raise Stopped
        return Finished(process.returncode, output or "", errors or "")

    def run(
        self, argv: Sequence[str], *, cwd: Path | None = None, environment: Mapping[str, str]
    ) -> Finished:
        """Start a program and wait for it."""
        return self.finish(self.start(argv, cwd=cwd, environment=environment))

    def stop(self) -> None:
        """End everything that runs, gently first; nothing starts any more."""
        with self._guard:
            self.stopping = True
            running = set(self._running)
        groups = {process.pid for process in running} | _own_sessions()
        for sign, patience_s in ((signal.SIGTERM, GRACE_S), (signal.SIGKILL, GRACE_S)):
            for group in groups:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(group, sign)
            deadline = time.monotonic() + patience_s
            while any(map(_group_lives, groups)) and time.monotonic() < deadline:
                for process in running:
                    process.poll()  # one that ended lives on until it is asked for
                time.sleep(0.02)


def _own_sessions() -> set[int]:
    """Children that lead a session, such as a mirror's git, which others started for us."""
    found: set[int] = set()
    for file in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, file.read_text().split()):
                if os.getsid(child) == child:
                    found.add(child)
    return found


def _call_until_end(process: subprocess.Popen[str], meanwhile: Callable[[], None]) -> None:
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:  # ended already, or a kernel without it
        return
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        while not poll.poll(INTERVAL_MS):
            meanwhile()
    finally:
        os.close(handle)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def in_parallel(
    processes: Processes, jobs: int, items: Iterable[T], work: Callable[[T], R]
) -> Iterator[tuple[T, R]]:
    """Do the work on all items, `jobs` at a time; yield each with its result as it is done.

    :raises Stopped: the user stopped the command; everything that ran has ended.
    """
    with ThreadPoolExecutor(max(jobs, 1)) as pool:
        waiting: dict[Future[R], T] = {pool.submit(work, item): item for item in items}
        try:
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield waiting.pop(future), future.result()
        except BaseException as error:
            for future in waiting:
                future.cancel()
            processes.stop()
            if isinstance(error, KeyboardInterrupt):
                raise Stopped from error
            raise
