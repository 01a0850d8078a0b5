"""Answers for which git, Buildbot or a file has to be asked, beside the records."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from twisted.internet import threads

from farm.access import audit
from farm.access.identity import Identity
from farm.access.roles import PERMISSIONS
from farm.builders import build_builder_name, pull_builder_name
from farm.git import Mirror
from farm.plan.key import TRUSTED
from farm.records.store import BuildRow
from www.api.answers import builds, commits
from www.api.answers.known import Known
from www.api.answers.promotions import promotions
from www.api.asked import AuditQuery, BuildName, CommitName, PromotionsQuery
from www.api.history import CommitFacts, commit_facts, find_commit
from www.api.metrics import metrics
from www.api.model import Audit, BuildPage, CommitPage, Me, Promotions
from www.api.problem import not_found
from www.api.source import Source
from www.gate import Gate

PAGES_LOOKED_AT = 50
"""Of a builder's newest builds, those among which a key is looked for."""
AT_ONCE = 16
"""Repositories that one thread looks through before it is another request's turn."""


async def build(source: Source, asked: BuildName) -> BuildPage:
    """One build, with its page in the web UI.

    :raises Problem: there is none of that key, or several.
    """
    known = source.known()
    row = builds.build_row(known, asked.key)
    return builds.build(known, row, await _page(source, row))


async def _page(source: Source, row: BuildRow) -> str | None:
    trusted = row.inputs["trust"] == TRUSTED
    name = (build_builder_name if trusted else pull_builder_name)(row.component, row.distro)
    data = source.master.data
    builder = await data.get(("builders", name))
    if builder is None:
        return None
    where = ("builders", builder["builderid"], "builds")
    for one in await data.get(where, order=["-number"], limit=PAGES_LOOKED_AT):
        properties = await data.get(("builds", one["buildid"], "properties"))
        if properties.get("build_key", ("",))[0] == row.key:
            www = source.site.www.public_url
            return f"{www}#/builders/{one['builderid']}/builds/{one['number']}"
    return None


async def commit(source: Source, asked: CommitName) -> CommitPage:
    """Where a commit is.

    :raises Problem: no repository of the stack has it.
    """
    known = source.known()
    heads = commits.heads_known(known)
    names = [known.component(asked.component)] if asked.component else None
    if names is None:
        names = [n for n, seen in heads.items() if any(c.startswith(asked.sha) for c in seen)]
        names = [name for name in names if name in known.farm.stack.components]
    facts = await _search(source, known, asked.sha, names or known.farm.stack.components, heads)
    if facts is None:
        raise not_found(
            f"no repository of the stack has a commit {asked.sha}: is it pushed, and did the farm "
            "hear of it?"
        )
    return commits.commit(known, facts)


async def _search(
    source: Source, known: Known, sha: str, names: Iterable[str], heads: dict[str, set[str]]
) -> CommitFacts | None:
    """Look through the mirrors of the components' repositories, some at a time."""
    everything = commits.repositories_of(known, known.farm.stack.components)
    left = iter(commits.repositories_of(known, names))
    while urls := list(islice(left, AT_ONCE)):
        mirrors = [(url, source.plan.state.mirror(url)) for url in urls]
        found = await threads.deferToThread(_first_with, mirrors, sha)
        if found is not None:
            url, mirror, whole = found
            here = everything[url]
            wanted = {head for name in here for head in heads.get(name, ())}
            components = [known.farm.stack.components[name] for name in here]
            return await threads.deferToThread(commit_facts, mirror, whole, components, wanted)
    return None


def _first_with(mirrors: list[tuple[str, Mirror]], sha: str) -> tuple[str, Mirror, str] | None:
    for url, mirror in mirrors:
        if mirror.path.exists() and (whole := find_commit(mirror, sha)):
            return url, mirror, whole
    return None


async def promoted(source: Source, asked: PromotionsQuery) -> Promotions:
    """Where a snapshot went, by what is on the archive's disk.

    :raises Problem: there is no such line.
    """
    place = source.known().line(asked.channel, asked.distro)
    archive, url = source.site.state / "archive", source.site.archive.public_url
    found = await threads.deferToThread(promotions, archive, url, place, asked.since)
    return Promotions(promotions=found)


async def audit_log(gate: Gate, asked: AuditQuery) -> Audit:
    """The newest entries of the audit log."""
    entries = await threads.deferToThread(_entries, gate, asked)
    return Audit(entries=entries)


def _entries(gate: Gate, asked: AuditQuery) -> list[audit.Entry]:
    found = audit.newest(audit.audit_path(gate.site.state))
    if asked.before:
        found = (entry for entry in found if entry.at < asked.before)
    return list(islice(found, asked.limit))


async def figures(source: Source) -> bytes:
    """The farm in figures, for Prometheus."""
    workers = await source.master.data.get(("workers",))
    return metrics(source.known(), source.totals, workers)


def me(gate: Gate, identity: Identity) -> Me:
    """Who asks, and what they may do."""
    return Me(
        name=identity.name,
        role=identity.role.value,
        logged_in=identity.known,
        may=sorted(permission.value for permission in PERMISSIONS[identity.role]),
        login=None if gate.open else gate.login_url,
    )
