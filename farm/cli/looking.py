"""What a command that only looks needs: the site, its stack, its records, and names checked."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests
import sqlalchemy as sa

from farm import pool
from farm.builders import build_builder_name
from farm.errors import FarmError
from farm.generations import Farm
from farm.model import Stack
from farm.model.finding import did_you_mean, listed
from farm.model.load import load_stack
from farm.plan.report import BUILDING, outcome_of
from farm.plan.standing import LineStanding, derived_standing, read_standing, with_records
from farm.records.store import LineId, Records
from farm.records.upgrade import NoRecords
from farm.site import Site, load_site

DEFAULT_CHANNEL = "development"
FRESH_S = 60.0
"""The master writes the status file several times a minute; one older than this is its last."""
PAGE_TIMEOUT_S = 3.0
PAGE_BUILDS = 100
"""Of a builder's newest builds, those among which a key is looked for."""


class WrongName(FarmError):
    """A component, distro, channel or key that the farm does not have."""

    exit_code = 2


class NotStarted(FarmError):
    """The farm has no records yet."""


@dataclass(frozen=True)
class Standing:
    """How the lines stand, and how that is known."""

    source: str
    """``status.json`` or ``records``."""
    updated: float
    """When the master last wrote the status file; 0 when it never did."""
    lines: dict[str, LineStanding]


class View:
    """One farm, to be looked at."""

    def __init__(self, site: Site, stack: Stack, records: Records):
        self.site = site
        self.stack = stack
        self.records = records
        self.farm = Farm(stack, records)
        under_way = (key for key, row in records.unfinished.items() if outcome_of(row) == BUILDING)
        self.farm.resume(under_way)

    def component(self, name: str) -> str:
        """The name itself, which is a component's.

        :raises WrongName: it is not; the message suggests one that is.
        """
        return _known("component", name, self.stack.components)

    def distro(self, name: str, component: str) -> str:
        """The name itself, which is that of a distro that the component is built for.

        :raises WrongName: it is not; the message suggests one that is.
        """
        _known("distro", name, self.stack.distros)
        if not self.stack.components[component].builds_on(name):
            built = [d for d in self.stack.distros if self.stack.components[component].builds_on(d)]
            raise WrongName(f"{component} is not built for {name}, only for {listed(built)}")
        return name

    def channel(self, name: str | None) -> str:
        """The name itself, or the default channel's for None.

        :raises WrongName: there is no such channel; the message suggests one.
        """
        if name is None:
            channels = self.stack.channels
            return DEFAULT_CHANNEL if DEFAULT_CHANNEL in channels else next(iter(channels))
        return _known("channel", name, self.stack.channels)

    def line(self, component: str, distro: str, channel: str | None) -> LineId:
        """The line that a component's build is on.

        :raises WrongName: one of the names is wrong, or the channel does not have the distro.
        """
        self.component(component)
        self.distro(distro, component)
        line = (self.channel(channel), distro)
        if line not in self.farm.lines:
            distros = [d for c, d in self.farm.lines if c == line[0]]
            raise WrongName(f"channel {line[0]} is not built for {distro}, only {listed(distros)}")
        return line

    def standing(self) -> Standing:
        """How every line stands: by the master's status file while it is kept fresh."""
        updated = 0.0
        try:
            updated, lines = read_standing((self.site.state / "status.json").read_text())
        except OSError:  # there is none, or it is not for everybody's eyes
            lines = {}
        if time.time() - updated <= FRESH_S:
            return Standing("status.json", updated, with_records(lines, self.records))
        lines = with_records(derived_standing(self.farm), self.records)
        return Standing("records", updated, lines)

    def logs_of(self, keys: Sequence[str], component: str, distro: str) -> dict[str, str]:
        """Where the logs of a component's builds are: a file in the pool, else a page of the UI.

        Failed builds have no place in the pool; the master is asked for the numbers of the pages.
        """
        logs = {}
        for key in keys:
            path = pool.directory(self.site.state / "pool", key) / "build.log"
            with suppress(OSError):  # the pool is not for everybody's eyes
                if path.exists():
                    logs[key] = str(path)
        missing = [key for key in keys if key not in logs]
        if missing:
            www, builder = self.site.www.public_url, build_builder_name(component, distro)
            pages = _pages(www, builder)
            somewhere = f"{www}#/builders, builder {builder}"
            logs |= {key: pages.get(key, somewhere) for key in missing}
        return logs


def _pages(www: str, builder: str) -> dict[str, str]:
    """Build key to page of the newest builds of a builder; none while the master does not run."""
    query = {"property": "build_key", "order": "-number", "limit": str(PAGE_BUILDS)}
    pages: dict[str, str] = {}
    try:
        url = f"{www}api/v2/builders/{builder}/builds"
        answer = requests.get(url, params=query, timeout=PAGE_TIMEOUT_S)
        answer.raise_for_status()
        for build in answer.json()["builds"]:
            key = build["properties"].get("build_key", [""])[0]
            # A key that was tried several times: the newest try is the one to read.
            pages.setdefault(key, f"{www}#/builders/{build['builderid']}/builds/{build['number']}")
    except (requests.RequestException, ValueError, LookupError, TypeError, AttributeError):
        return {}
    return pages


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return True  # opening it says what is the matter


def _known(what: str, name: str, known: Collection[str]) -> str:
    if name in known:
        return name
    few = f"; expected {listed(known)}" if len(known) <= 8 else ""
    raise WrongName(f"there is no {what} '{name}'{did_you_mean(name, known) or few}")


@contextmanager
def looking(site_file: Path | None, *, without_records: bool = False) -> Iterator[View]:
    """The farm of a site file, opened to look at; nothing is made where no farm ever ran.

    :param without_records: a farm that has not started is looked at with empty records.
    :raises NotStarted: there are no records.
    :raises FarmError: the site file, components.yml or the database cannot be read.
    """
    site = load_site(site_file)
    stack = load_stack(site.components, site.variables)
    url = sa.engine.make_url(site.records_url)
    there = url.get_backend_name() != "sqlite" or not url.database or _exists(Path(url.database))
    if not there and not without_records:
        raise NotStarted(f"this farm has not started yet: there is no {url.database}")
    try:
        records = Records(site.records_url, only_look=True) if there else Records("sqlite://")
    except NoRecords as error:
        if not without_records:
            raise NotStarted(str(error)) from error
        records = Records("sqlite://")
    try:
        yield View(site, stack, records)
    finally:
        records.close()
