"""The status file: how every line stands, for everybody who looks."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from farm.files import write_atomically

PAUSE_S = 0.5
SHARE = 20
"""At most one part in so many of the master's time goes into the file."""


class StatusWriter:
    """Writes the status file soon after something happened, and not too often.

    :param reactor: Twisted's.
    :param text: what the file is to say now.
    """

    def __init__(self, reactor: Any, path: Path, text: Callable[[], str]):
        self._reactor = reactor
        self._path = path
        self._text = text
        self._not_before = 0.0
        self._due: Any = None

    def happened(self) -> None:
        """Write now, or as soon as it may be written again."""
        if self._due is not None and self._due.active():
            return
        wait = self._not_before - self._reactor.seconds()
        if wait > 0:
            self._due = self._reactor.callLater(wait, self._write)
        else:
            self._write()

    def _write(self) -> None:
        began = time.process_time()
        write_atomically(self._path, self._text())
        spent = time.process_time() - began
        self._not_before = self._reactor.seconds() + max(PAUSE_S, SHARE * spent)

    def stop(self) -> None:
        """Write once more if something happened since, and then no more."""
        if self._due is not None and self._due.active():
            self._due.cancel()
            self._write()
