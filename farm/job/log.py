"""A build's log: one stream that goes to a file and to the terminal at once."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, TextIO

LOG_LIMIT_BYTES = 256 << 20
"""A build that talks without end fills no disk; what is more is dropped."""

_BLOCK = 1 << 16
_LAST_WORDS_S = 5.0


class BuildLog:
    """Copies what is written to `stream`, a real file also for child processes, as it comes.

    :param path: the log file, which is made anew.
    :param terminal: gets the same bytes.
    """

    def __init__(self, path: Path, terminal: BinaryIO, limit: int = LOG_LIMIT_BYTES):
        self._path = path
        self._terminal: BinaryIO | None = terminal
        self._left = limit
        self.stream: TextIO

    def __enter__(self) -> TextIO:
        self._file = self._path.open("wb")
        reading, writing = os.pipe()
        self.stream = os.fdopen(writing, "w", buffering=1, encoding="utf-8", errors="replace")
        self._copier = threading.Thread(target=self._copy, args=(reading,), daemon=True)
        self._copier.start()
        return self.stream

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self.stream.close()
        # What a build left running may hold the pipe open; it is not waited for.
        self._copier.join(_LAST_WORDS_S)
        if not self._copier.is_alive():
            self._file.close()

    def _copy(self, reading: int) -> None:
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            while data := pipe.read(_BLOCK):
                if not self._left:
                    continue
                if len(data) > self._left:
                    said = b"\n[the log ends here: it is longer than allowed]\n"
                    data, self._left = data[: self._left] + said, 0
                else:
                    self._left -= len(data)
                self._write(data)

    def _write(self, data: bytes) -> None:
        with suppress(OSError):
            self._file.write(data)
            self._file.flush()
        if self._terminal is not None:
            try:
                self._terminal.write(data)
                self._terminal.flush()
            except OSError:  # nobody listens any more
                self._terminal = None
