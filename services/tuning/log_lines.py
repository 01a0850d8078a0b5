"""What a command prints, written a few times a second instead of at every word.

Buildbot writes whatever comes with three transactions and a thread each time, and most of a short
command's lines are those that it prints itself around them.
"""

from __future__ import annotations

import sqlalchemy as sa
from buildbot.db.logs import LogsConnectorComponent
from buildbot.process.log import Log
from buildbot.util.twisted import async_to_deferred
from twisted.internet import defer
from twisted.internet.interfaces import IDelayedCall
from twisted.python import log

HOLD_S = 0.2
HOLD_CHARACTERS = 65_536
SMALL_CHARACTERS = 8192
"""What is compressed in less time than it takes to have a thread do so."""

_add = Log.addRawLines
_finish = Log.finish
_append = LogsConnectorComponent.appendLog


def write_lines_together() -> None:
    """Make Buildbot do so. Doing it again changes nothing.

    Who looks at the lines in the master itself is told of them as before, at once.
    """
    Log.addRawLines = _hold
    Log.finish = _write_and_finish
    LogsConnectorComponent.appendLog = _append_at_once


def _hold(self: Log, lines: str) -> defer.Deferred[None]:
    state = self.__dict__
    held: list[str] = state.setdefault("held_lines", [])
    held.append(lines)
    state["held_characters"] = state.get("held_characters", 0) + len(lines)
    if state["held_characters"] >= HOLD_CHARACTERS:
        # Who adds them waits, so that no more come than the database takes.
        return _write(self)
    if state.get("write_soon") is None:
        state["write_soon"] = self.master.reactor.callLater(HOLD_S, _write_unasked, self)
    return defer.succeed(None)


def _write(self: Log) -> defer.Deferred[None]:
    state = self.__dict__
    soon: IDelayedCall | None = state.pop("write_soon", None)
    if soon is not None and soon.active():
        soon.cancel()
    held: list[str] = state.pop("held_lines", [])
    state["held_characters"] = 0
    return _add(self, "".join(held)) if held else defer.succeed(None)


def _write_unasked(self: Log) -> None:
    _write(self).addErrback(log.err, f"while writing lines of log {self.logid}")


@async_to_deferred
async def _write_and_finish(self: Log) -> None:
    await _write(self)
    await _finish(self)


def _append_at_once(
    self: LogsConnectorComponent, logid: int, content: str
) -> defer.Deferred[tuple[int, int] | None]:
    """Buildbot's own in one transaction, for what is one chunk."""
    if len(content) > SMALL_CHARACTERS:
        return _append(self, logid, content)
    # A chunk's last end of line is not written.
    plain = content[:-1].encode()
    number, compressor = self._get_configured_compressor()
    chunk = compressor.dumps(plain)
    if len(chunk) >= len(plain):
        chunk, number = plain, self.NO_COMPRESSION_ID
    logs, chunks = self.db.model.logs, self.db.model.logchunks
    count = sa.select(logs.c.num_lines).where(logs.c.id == logid)
    recount = logs.update().where(logs.c.id == logid)

    def write(connection: sa.engine.Connection) -> tuple[int, int] | None:
        first: int | None = connection.execute(count).scalar()
        if first is None:
            return None
        last = first + content.count("\n") - 1
        row = {"logid": logid, "first_line": first, "last_line": last}
        row |= {"content": chunk, "compressed": number}
        connection.execute(chunks.insert(), row)
        connection.execute(recount.values(num_lines=last + 1))
        return first, last

    return self.db.pool.do_with_transaction(write)
