"""Stopping a job with everything it started, wherever that has moved."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

from farm.errors import InfrastructureError

GRACE_S = 10
"""For removing temporary files after everything below was killed."""

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
_ROUND_S = 0.01


class _StopSignal(BaseException):
    """Unwinds the job; no `except Exception` on the way holds it up."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM and SIGHUP stop what runs inside, with all processes below.

    Processes whose parent is gone become children of this one, so that none escapes; whatever is
    left at the end is killed too.

    :raises InfrastructureError: it was stopped.
    """
    _adopt_orphans()
    before = {number: signal.signal(number, _stop) for number in _SIGNALS}
    try:
        yield
    except _StopSignal as stop:
        raise InfrastructureError(f"stopped by {stop}") from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        kill_descendants()


def kill_descendants() -> None:
    """Kill every process below this one, also what they start meanwhile, and wait for their end.

    A pid namespace ends when the last process in it is reaped, also those that came from outside.
    """
    end = time.monotonic() + GRACE_S / 2
    while (victims := _descendants()) and time.monotonic() < end:
        for process in victims:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        time.sleep(_ROUND_S)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    for other in _SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    # Should unwinding hang (a download, a full disk), the end comes all the same.
    signal.signal(signal.SIGALRM, lambda *_: os._exit(InfrastructureError.exit_code))
    signal.alarm(GRACE_S)
    kill_descendants()
    raise _StopSignal(signal.Signals(number).name)


def _descendants() -> list[int]:
    """The living processes below this one."""
    children: dict[int, list[int]] = {}
    living: set[int] = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError, ValueError, IndexError):
            # "pid (name) state parent …": the name may hold anything, even parentheses.
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            children.setdefault(int(parent), []).append(int(entry.name))
            if state not in "ZX":
                living.add(int(entry.name))
    found, queue = [], [os.getpid()]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return [process for process in found if process in living]


def _adopt_orphans() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
