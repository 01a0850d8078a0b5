"""What was told, and what is still to be sent: a small database of its own in the state directory.

News are taken down together with the messages that tell them, in one transaction: whatever is
killed, a failure is told by a message that will be sent, or it is news the next time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from farm.notices.model import Failure, News, Notice
from farm.records.database import Database, insert_new, upsert
from farm.records.rows import LineId

FIRST_RETRY_S = 30.0
LONGEST_RETRY_S = 3600.0
GIVEN_UP_AFTER_S = 5 * 86_400.0
"""As mail servers do: what cannot be sent for so long is dropped, with a word in the log."""

_metadata = sa.MetaData()
_told = sa.Table(
    "told",
    _metadata,
    sa.Column("channel", sa.String(60), primary_key=True),
    sa.Column("distro", sa.String(40), primary_key=True),
    sa.Column("component", sa.String(80), primary_key=True),
    sa.Column("failure", sa.JSON, nullable=False),
)
_outbox = sa.Table(
    "outbox",
    _metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("notice", sa.JSON, nullable=False),
    sa.Column("made_at", sa.Float, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_try", sa.Float, nullable=False),
)
_statuses = sa.Table(
    "statuses",
    _metadata,
    sa.Column("repository", sa.Text, primary_key=True),
    sa.Column("context", sa.Text, primary_key=True),
    sa.Column("commit", sa.String(64), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
)
_begun = sa.Table("begun", _metadata, sa.Column("at", sa.Float, primary_key=True))


@dataclass(frozen=True)
class Unsent:
    """A notice in the outbox."""

    notice: Notice
    made_at: float
    attempts: int
    next_try: float


class Book:
    """What was told.

    :param url: as SQLAlchemy has them.
    :raises RecordsUnreachable: the database cannot be used.
    """

    def __init__(self, url: str):
        self._database = Database(url)
        self._database.write(_metadata.create_all)
        self.is_new = not self._database.rows(sa.select(_begun))
        """Nobody was ever told of anything."""
        self._told: dict[LineId, dict[str, Failure]] = {}
        for row in self._database.rows(sa.select(_told)):
            line = (row["channel"], row["distro"])
            self._told.setdefault(line, {})[row["component"]] = _failure(row["failure"])
        self._said = {
            (row["repository"], row["context"]): (row["commit"], row["state"])
            for row in self._database.rows(sa.select(_statuses))
        }

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def begin(self, now: float) -> None:
        """Note that from now on everything is told."""
        self._database.write(lambda connection: insert_new(connection, _begun, {"at": now}))
        self.is_new = False

    def told(self, line: LineId) -> Mapping[str, Failure]:
        """The failures of a line that were told and not told as fixed, by component."""
        return self._told.get(line, {})

    @property
    def lines(self) -> tuple[LineId, ...]:
        """Those with failures."""
        return tuple(line for line, told in self._told.items() if told)

    def take(
        self, news: News, notices: Iterable[Notice], now: float, gone: Iterable[str] = ()
    ) -> None:
        """Note what is being told of a line, and put the messages into the outbox.

        :param gone: components that the line has no more; nobody is told.
        """
        channel, distro = news.line
        over = [one.component for one in news.fixed] + list(gone)
        rows = [
            {
                "channel": channel,
                "distro": distro,
                "component": one.component,
                "failure": asdict(one),
            }
            for one in news.broken
        ]
        unsent = [
            {"id": one.id, "notice": asdict(one), "made_at": now, "attempts": 0, "next_try": now}
            for one in notices
        ]
        known = (_told.c.channel == channel) & (_told.c.distro == distro)

        def write(connection: sa.Connection) -> None:
            for component in over:
                connection.execute(sa.delete(_told).where(known, _told.c.component == component))
            upsert(connection, _told, *rows)
            upsert(connection, _outbox, *unsent)

        self._database.write(write)
        told = self._told.setdefault(news.line, {})
        for component in over:
            told.pop(component, None)
        told.update({one.component: one for one in news.broken})

    def due(self, now: float) -> list[Unsent]:
        """What is to be sent now, in the order in which it was made."""
        query = sa.select(_outbox).where(_outbox.c.next_try <= now).order_by(_outbox.c.made_at)
        return [_unsent(row) for row in self._database.rows(query)]

    def unsent(self) -> int:
        """How many messages wait to be sent."""
        return len(self._database.rows(sa.select(_outbox.c.id)))

    def sent(self, notice: Notice) -> None:
        """Note that a message was sent, or never will be."""
        gone = sa.delete(_outbox).where(_outbox.c.id == notice.id)
        self._database.write(lambda connection: connection.execute(gone))

    def not_sent(self, unsent: Unsent, now: float) -> float:
        """Note that a message could not be sent; return when it is tried again."""
        wait = min(FIRST_RETRY_S * 2.0 ** min(unsent.attempts, 10), LONGEST_RETRY_S)
        again = (
            sa.update(_outbox)
            .where(_outbox.c.id == unsent.notice.id)
            .values(attempts=unsent.attempts + 1, next_try=now + wait)
        )
        self._database.write(lambda connection: connection.execute(again))
        return now + wait

    def hurry(self) -> None:
        """Try everything again at once: whoever starts the farm may have mended what was wrong."""
        now = sa.update(_outbox).values(next_try=0.0)
        self._database.write(lambda connection: connection.execute(now))

    def said(self, repository: str, context: str) -> tuple[str, str] | None:
        """The commit and state that a forge was told last."""
        return self._said.get((repository, context))

    def say(self, *said: tuple[str, str, str, str]) -> None:
        """Note what forges were told: repository, context, commit, state."""
        names = ("repository", "context", "commit", "state")
        rows = [dict(zip(names, one, strict=True)) for one in said]
        self._database.write(lambda connection: upsert(connection, _statuses, *rows))
        self._said.update({one[:2]: one[2:] for one in said})


def _failure(found: Mapping[str, Any]) -> Failure:
    return Failure(**_with_tuples(found))


def _unsent(row: sa.RowMapping) -> Unsent:
    notice = Notice(**_with_tuples(row["notice"]))
    return Unsent(notice, row["made_at"], row["attempts"], row["next_try"])


def _with_tuples(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(one) if isinstance(one, list) else one for name, one in found.items()}
