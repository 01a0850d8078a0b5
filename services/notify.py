"""Tells people and forges how the farm's lines fare: looks, decides by `farm.notices`, sends.

It never holds the farm up: what cannot be told now is told later.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Protocol
from urllib.parse import quote

from twisted.internet import defer, threads
from twisted.logger import Logger

from farm.errors import FarmError
from farm.generations import Farm
from farm.notices.book import GIVEN_UP_AFTER_S, Book, Unsent
from farm.notices.settings import Notices
from farm.notices.telling import Teller
from farm.records.rows import LineId
from farm.site import Site
from services.notify_send import NotSent, Undeliverable, send
from services.notify_statuses import Statuses

WATCH_S = 15.0
"""Seconds between looks at the outbox."""

_log = Logger()


class _State(Protocol):
    """What is looked at."""

    farm: Farm


class Notifier:
    """Tells what is new on every line.

    :param reactor: Twisted's.
    :param site: with `notices`.
    :param state: the farm.
    """

    def __init__(self, reactor: Any, site: Site, state: _State):
        self._reactor = reactor
        self._site = site
        self._book = Book(site.notices_url)
        self._teller = Teller(
            state.farm,
            self._book,
            site.notices or Notices(),
            site.title,
            lambda failure: component_url(self._site, failure.component),
        )
        self._statuses = Statuses(site, state.farm, self._book)
        self._sending = False
        self._running = True
        self._trouble = ""
        if self._book.is_new:
            for line in filter(self._teller.tells, state.farm.lines):
                self._statuses.take_as_said(line)
            self._teller.begin(time.time())
        self._book.hurry()
        self._watch = reactor.callLater(0, self._watch_again)

    def change_site(self, site: Site) -> None:
        """Go on with other settings."""
        self._site = self._statuses.site = site
        self._teller.change(site.notices or Notices())
        self._book.hurry()

    def stop(self) -> None:
        """Tell no more; what is not sent yet is sent after the next start."""
        self._running = False
        if self._watch.active():
            self._watch.cancel()
        if not self._sending:
            self._book.close()

    def look(self, line: LineId) -> None:
        """Take in how a line stands; to be called before its generation may end."""
        if not self._running or not self._teller.tells(line):
            return
        try:
            if self._teller.look(line, time.time()):
                self._send_soon()
            self._statuses.look(line)
        except FarmError as error:
            self._say_once(f"nobody is told of {line[0]}/{line[1]}: {error}")

    def _watch_again(self) -> None:
        self._watch = self._reactor.callLater(WATCH_S, self._watch_again)
        self._send_soon()

    def _send_soon(self) -> None:
        self._statuses.send_soon()
        if not self._sending:
            defer.ensureDeferred(self._send()).addErrback(
                lambda failure: _log.failure("sending notices", failure)
            )

    async def _send(self) -> None:
        self._sending = True
        try:
            await self._send_all(self._book.due(time.time()))
        except FarmError as error:
            self._say_once(str(error))
        finally:
            self._sending = False
            if not self._running:
                self._book.close()

    async def _send_all(self, due: Iterable[Unsent]) -> None:
        troubled: set[str] = set()
        for unsent in due:
            notice = unsent.notice
            if not self._running or notice.way in troubled:
                continue  # a server that is away is asked once, not for every message
            try:
                problem = await threads.deferToThread(send, self._site, notice, unsent.made_at)
                if problem:
                    _log.warn("notice {id}: {problem}", id=notice.id, problem=problem)
                self._book.sent(notice)
            except NotSent as error:
                if isinstance(error, Undeliverable) or _is_old(unsent):
                    _log.error("dropped: {subject}: {error}", subject=notice.subject, error=error)
                    self._book.sent(notice)
                    continue
                troubled.add(notice.way)
                self._book.not_sent(unsent, time.time())
                _log.warn("later: {subject}: {error}", subject=notice.subject, error=error)

    def _say_once(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            _log.error("{trouble}", trouble=trouble)


def _is_old(unsent: Unsent) -> bool:
    return time.time() - unsent.made_at > GIVEN_UP_AFTER_S


def component_url(site: Site, component: str) -> str:
    """Where there is more to read of a component."""
    return f"{site.www.public_url}#/builders?tags=%2B{quote(component)}"


def notifier(
    reactor: Any, site: Site, state: _State, before: Notifier | None = None
) -> Notifier | None:
    """What tells, None where the site tells nobody.

    :param before: what told until now, by other settings.
    """
    if site.notices is None:
        if before is not None:
            before.stop()
        return None
    if before is None:
        return Notifier(reactor, site, state)
    before.change_site(site)
    return before
