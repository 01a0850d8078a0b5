"""Following a running program: its output line by line, and a limit on its time."""

from __future__ import annotations

import codecs
import os
import selectors
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from farm.errors import CommandError, FarmError

Output = Callable[[str], object]
"""Gets each line of a program's output as it comes, line end included (``log.write``)."""

KEPT_LINES = 200
"""Of output that goes elsewhere, the last lines are kept for the error message."""

_POLL_S = 0.5


class TimeLimitExceeded(FarmError):
    """A program ran longer than it may."""

    def __init__(self, program: str, limit_s: float):
        self.limit_s = limit_s
        super().__init__(f"{program} ran longer than {limit_s:.0f} s")


def follow(
    process: subprocess.Popen[bytes], program: str, output: Output | None, limit_s: float | None
) -> str:
    """Pass on what `process` prints (to a pipe) until it ends; return it, or its last lines.

    :param output: gets every line; None keeps them all and returns them.
    :raises TimeLimitExceeded: it is still running after `limit_s`; the caller has to kill it.
    """
    if process.stdout is None:
        raise ValueError("the process does not print to a pipe")
    kept: deque[str] = deque(maxlen=KEPT_LINES if output else None)

    def give(line: str) -> None:
        kept.append(line)
        if output:
            output(line)

    lines = _Lines(give)
    end = time.monotonic() + limit_s if limit_s is not None else float("inf")
    with process.stdout as pipe, selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeLimitExceeded(program, limit_s or 0)
            if selector.select(min(left, _POLL_S)):
                data = os.read(pipe.fileno(), 1 << 16)
                if not data:
                    break
                lines.feed(data)
            elif process.poll() is not None:
                break  # something it left behind still holds the pipe
        lines.finish()
    try:
        process.wait(max(end - time.monotonic(), 0) if limit_s is not None else None)
    except subprocess.TimeoutExpired as error:
        raise TimeLimitExceeded(program, limit_s or 0) from error
    return "".join(kept)


def run_following(
    what: str,
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    output: Output,
    timeout_s: float,
) -> None:
    """Run a program of this machine and pass on each line it prints.

    :param what: begins the error message.
    :raises CommandError: it exited with anything but 0.
    :raises FarmError: it is not installed, or ran longer than `timeout_s` (it is killed then).
    """
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(env),
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise FarmError(f"{what}: {argv[0]} is not installed") from error
    try:
        text = follow(process, argv[0], output, timeout_s)
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.returncode:
        raise CommandError(what, argv, process.returncode, text)


class _Lines:
    """Cuts a stream of bytes into lines of text."""

    def __init__(self, give: Output):
        self._give = give
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, data: bytes) -> None:
        *whole, self._rest = (self._rest + self._decoder.decode(data)).split("\n")
        for line in whole:
            self._give(line + "\n")

    def finish(self) -> None:
        self._rest += self._decoder.decode(b"", final=True)
        if self._rest:
            self._give(self._rest + "\n")
