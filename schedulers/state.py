"""The farm on this master's disk: records, git mirrors, job files, and the status file."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlsplit

from twisted.internet import defer, threads
from twisted.logger import Logger

from farm import pool
from farm.decisions import Publish
from farm.errors import FarmError
from farm.files import write_atomically
from farm.generations import Farm
from farm.git import Mirror, mirror_path
from farm.heads import Followed, Head, find_head, read_heads
from farm.job.model import BuildResult
from farm.model import Stack
from farm.plan.key import TRUSTED, KeyInputs
from farm.plan.planner import State
from farm.plan.standing import status_file
from farm.records.store import BuildRow, LineId, Records
from farm.site import Site
from farm.topics import PULL, verdict_of
from repo_publish.model import Publication
from schedulers.jobs import JobFiles
from schedulers.publication import described
from services.forge import Status

PARALLEL_FETCHES = 8

T = TypeVar("T")

_log = Logger()


def same_repository(one: str, other: str) -> bool:
    """Whether two URLs name one repository, however a forge's hook spells it.

    ``git@host:a/b.git``, ``https://host/a/b`` and ``ssh://git@host/a/b.git`` are the same.
    """
    return _plain_url(one) == _plain_url(other)


def _plain_url(url: str) -> str:
    if "://" not in url and not url.startswith("/"):
        host, _, path = url.partition(":")
        url = f"ssh://{host}/{path}"
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    return f"{host}/{parts.path.strip('/').removesuffix('.git').lower()}"


def unread(old: Stack, new: Stack, problems: Collection[str]) -> list[str]:
    """Components of a new stack whose repositories have to be read.

    :param problems: components whose repositories could not be read the last time.
    """
    if old.channels != new.channels:
        return list(new.components)
    return [
        name
        for name, component in new.components.items()
        if name in problems or old.components.get(name) != component
    ]


class FarmState:
    """What the scheduler and the steps share; everything lies below the site's state directory."""

    def __init__(self, site: Site, stack: Stack, records: Records):
        self.site = site
        self.farm = Farm(stack, records)
        self.pool = site.state / "pool"
        self.untrusted_pool = site.state / "pool-untrusted"
        self.jobs = JobFiles(
            site.state / "jobs",
            self.farm,
            site.pool.public_url.rstrip("/"),
            self.mirror,
            self.result,
        )
        self._fetches = defer.DeferredSemaphore(PARALLEL_FETCHES)

    def close(self) -> None:
        """Let go of the database."""
        self.farm.records.close()

    def change_stack(self, stack: Stack) -> list[str]:
        """Go on with another components.yml; the components whose repositories are to be read."""
        to_read = unread(self.farm.stack, stack, self.farm.problems)
        self.farm.change_stack(stack)
        return to_read

    def components_of(self, repository: str) -> list[str]:
        """Components that live in a repository."""
        return [
            name
            for name, component in self.farm.stack.components.items()
            if same_repository(component.git, repository)
        ]

    def mirror(self, url: str) -> Mirror:
        """The bare mirror of a repository."""
        return Mirror(mirror_path(self.site.state / "git", url), url)

    async def refresh(self, components: Iterable[str], done: Callable[[], object]) -> None:
        """Fetch the repositories of these components and take in their heads.

        :param done: called after each repository, so that building starts with the first.
        """

        async def one(url: str, names: list[str]) -> None:
            heads, problem = await self._read(url, self.farm.wishes.followed(names))
            for name in names:
                self.farm.problems.pop(name, None)
            if problem:
                _log.error("{problem}", problem=problem)
                self.farm.problems.update(dict.fromkeys(names, problem))
            for channel, head in heads:
                self.farm.observe(channel, head)
            done()

        await defer.gatherResults(
            [
                defer.ensureDeferred(one(url, names))
                for url, names in self.repositories(components).items()
            ]
        )

    def repositories(self, components: Iterable[str]) -> dict[str, list[str]]:
        """The URLs of the components' repositories, each with those that live there."""
        by_url: dict[str, list[str]] = {}
        for name in components:
            if name in self.farm.stack.components:
                by_url.setdefault(self.farm.stack.components[name].git, []).append(name)
        return by_url

    async def _read(self, url: str, followed: list[Followed]) -> tuple[list[tuple[str, Head]], str]:
        return await self.in_thread(read_heads, self.mirror(url), followed)

    async def in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        """Do work on a repository in a thread, with few others at the same time."""
        await self._fetches.acquire()
        try:
            return await threads.deferToThread(work, *arguments)
        finally:
            self._fetches.release()

    async def heads_on(self, branch: str, base: str, channel: str) -> list[Head]:
        """The heads of all components that have a branch, read now.

        :param base: the channel from whose versions theirs go up.
        :param channel: whose heads they are to be.
        """
        heads = self.farm.records.heads

        def followed(names: list[str]) -> list[Followed]:
            return [
                Followed(
                    channel,
                    self.farm.stack.components[name],
                    (branch,),
                    heads.get((channel, name)) or heads.get((base, name)),
                    optional=True,
                )
                for name in names
            ]

        urls = self.repositories(self.farm.stack.components)
        answers = await defer.gatherResults(
            [defer.ensureDeferred(self._read(url, followed(names))) for url, names in urls.items()]
        )
        if problems := [problem for _, problem in answers if problem]:
            raise FarmError("; ".join(problems))
        return [head for found, _ in answers for _, head in found]

    def pool_of(self, inputs: KeyInputs) -> Path:
        """The pool of a build: that of pull requests is another one."""
        return self.pool if inputs["trust"] == TRUSTED else self.untrusted_pool

    def result(self, build: BuildRow) -> BuildResult | None:
        """What the pool says of a build, if it has it."""
        return pool.result(self.pool_of(build.inputs), build.key)

    def pull_statuses(self) -> list[Status]:
        """What to say of every pull request, a status for each distro."""
        farm, found = self.farm, []
        for topic in farm.records.topics.values():
            if topic.kind != PULL:
                continue
            repository = farm.stack.components[topic.component].git
            for line in farm.lines:
                if line[0] != topic.name:
                    continue
                state, base = farm.line(line), farm.line((topic.base, line[1]))
                broken = {n for n, node in base.plan.nodes.items() if node.state is State.FAILED}
                changed = farm.wishes.changed(topic)
                verdict = verdict_of(changed, state.graph, state.plan.nodes, broken)
                url = f"{self.site.www.public_url}#/builders?tags=%2B{quote(topic.component)}"
                context = f"{self.site.title}/{line[1]}"
                found.append(Status(repository, topic.commit, context, url, verdict))
        return found

    def has(self, key: str) -> bool:
        """Whether a pool has a build."""
        pools = (self.pool, self.untrusted_pool)
        return any((pool.directory(one, key) / pool.RESULT).exists() for one in pools)

    def _publication_path(self, line: LineId) -> Path:
        return self.site.state / "publications" / line[0] / f"{line[1]}.json"

    def write_publication(self, publish: Publish) -> None:
        """Say what a line's archive is to hold."""
        channel, name = publish.line
        distro = self.farm.stack.distros[name]
        records = self.farm.records
        publication = Publication(
            channel=channel,
            distro=name,
            family=distro.family,
            architecture=distro.architecture,
            title=self.site.title,
            distribution=distro,
            upgrade_test=self.site.upgrade_test,
            packages=tuple(
                described(records, publish.line, records.builds[key], self.jobs.read, self.mirror)
                for _, key in sorted(publish.content.items())
            ),
        )
        write_atomically(
            self._publication_path(publish.line), publication.model_dump_json(indent=1)
        )

    def publication(self, line: LineId) -> str:
        """The publication file of a line, as text."""
        return self._publication_path(line).read_text()

    def read_publication(self, line: LineId) -> dict[str, str]:
        """Component to build key, as last written for a line."""
        path = self._publication_path(line)
        if not path.exists():
            return {}
        publication = Publication.model_validate_json(path.read_text())
        return {package.component: package.key for package in publication.packages}

    def status(self) -> str:
        """What the status file is to say now."""
        return status_file(self.farm, time.time())

    async def heads_at(self, components: list[str], channel: str, at: str) -> dict[str, Head]:
        """The heads of components at a branch or commit, read now.

        :raises FarmError: one of them does not have it.
        """
        wishes, heads = self.farm.wishes, {}
        for name in components:
            component = self.farm.stack.components[name]
            previous = wishes.latest_head(channel, name)
            heads[name] = await self.in_thread(
                find_head, self.mirror(component.git), component, at, previous
            )
        return heads

    def force(
        self,
        components: list[str],
        distro: str,
        channel: str,
        dependents: bool,
        reason: str,
        who: str,
        heads: dict[str, Head],
    ) -> None:
        """Have components, and with `dependents` all that is built with them, built again.

        :param heads: commits at which some of them are to be built.
        """
        on = self.farm.graph(distro)
        wanted = set(components)
        if dependents:
            wanted = wanted.union(*(on.all_dependents(name) for name in components))
        names = [name for name in on.order if name in wanted]
        self.farm.force(names, distro, channel, reason, who, heads)


def open_state(site: Site, stack: Stack) -> FarmState:
    """Open (and create) the state of a site."""
    for folder in ("pool", "pool-untrusted", "git", "jobs", "archive"):
        (site.state / folder).mkdir(parents=True, exist_ok=True)
    for folder in ("pool", "pool-untrusted"):
        (site.state / folder).chmod(0o700)
    return FarmState(site, stack, Records(site.records_url))
