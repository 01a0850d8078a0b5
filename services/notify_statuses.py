"""Commit statuses of what ordinary lines build: each said once, also over restarts."""

from __future__ import annotations

from urllib.parse import quote

import requests
from twisted.internet import defer
from twisted.logger import Logger

from farm.generations import Farm
from farm.notices.book import Book
from farm.notices.statuses import Changed, forge_of, worth_saying
from farm.records.rows import LineId
from farm.site import Site
from services.forge import Status, post, target_of

_log = Logger()


class Statuses:
    """Says what changes; the forges are asked one status at a time."""

    def __init__(self, site: Site, farm: Farm, book: Book):
        self.site, self._farm, self._book = site, farm, book
        self._changed = Changed()
        self._unsaid: dict[tuple[str, str], Status] = {}
        self._saying = False

    def look(self, line: LineId) -> None:
        """Take in how a line stands."""
        if not (self.site.notices and self.site.notices.forges):
            return
        for status in self._statuses(line):
            place = (status.repository, status.context)
            if worth_saying(self._book.said(*place), status.commit, status.verdict.state):
                self._unsaid[place] = status
            else:
                self._unsaid.pop(place, None)
        if self._unsaid:
            self.send_soon()

    def take_as_said(self, line: LineId) -> None:
        """Behave as if what a line says now had been told."""
        if self.site.notices and self.site.notices.forges:
            self._book.say(*map(_row, self._statuses(line)))

    def _statuses(self, line: LineId) -> list[Status]:
        found = []
        for name, commit, verdict in self._changed.on(self._farm, line):
            repository = self._farm.stack.components[name].git
            if forge_of(self.site.notices, repository) is not None:
                context = self._context(line, name, repository)
                url = f"{self.site.www.public_url}#/builders?tags=%2B{quote(name)}"
                found.append(Status(repository, commit, context, url, verdict))
        return found

    def _context(self, line: LineId, name: str, repository: str) -> str:
        components = self._farm.stack.components.values()
        shared = sum(one.git == repository for one in components) > 1
        of = f"{self.site.title}/{line[0]}/{line[1]}"
        return f"{of}/{name}" if shared else of

    def send_soon(self) -> None:
        """Say what is not said yet, unless that is being done."""
        if self._unsaid and not self._saying:
            defer.ensureDeferred(self._say_all()).addErrback(
                lambda failure: _log.failure("telling the forges", failure)
            )

    async def _say_all(self) -> None:
        self._saying = True
        silent: set[str] = set()
        try:
            while waiting := [one for one in self._unsaid.values() if one.repository not in silent]:
                status = waiting[0]
                target = target_of(self.site, status.repository)
                try:
                    if target is None:
                        raise requests.RequestException("its token is not in <state>/secrets")
                    await post(target, status)
                except requests.RequestException as error:
                    silent.add(status.repository)
                    _log.warn(
                        "the forge of {repository} did not take a status: {error}",
                        repository=status.repository,
                        error=error,
                    )
                    continue
                self._book.say(_row(status))
                place = (status.repository, status.context)
                if self._unsaid.get(place) is status:
                    del self._unsaid[place]
        finally:
            self._saying = False


def _row(status: Status) -> tuple[str, str, str, str]:
    return status.repository, status.context, status.commit, status.verdict.state
