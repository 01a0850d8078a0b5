"""Answers about builds for which Buildbot's logs or the pool are read."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from twisted.internet import threads

from farm import pool
from farm.errors import FarmError
from farm.git import without_credentials
from farm.job.model import BuildResult, Job
from farm.plan.key import TRUSTED
from farm.records.store import BUILT, BuildRow, LineId
from www.api.answers import builds, failures, likes, runs
from www.api.answers.known import Known
from www.api.asked import BuildName
from www.api.asked_history import GraphQuery, LogQuery, RunsQuery
from www.api.model.history import BuildJob, ComponentRuns, LogPart
from www.api.problem import not_found
from www.api.source import Source

RESULTS_KEPT = 5000


async def log_part(source: Source, asked: LogQuery) -> LogPart:
    """Lines of the log of a build that failed, from Buildbot.

    :raises Problem: it did not fail, or Buildbot does not have the log any more.
    """
    known = source.known()
    row = builds.build_row(known, asked.key)
    place = failures.log_place(known, row)
    if place is None:
        raise not_found(f"there is no log of a failure of build {row.key[:12]}")
    where = ("builders", place.builder, "builds", place.build, "steps", place.step, "logs", "stdio")
    data = source.master.data
    log = await data.get(where)
    if log is None:
        raise not_found(f"Buildbot does not have the log of build {row.key[:12]} any more")
    first = place.before + asked.first - 1
    chunk = await data.get((*where, "contents"), offset=first, limit=asked.lines)
    # Buildbot has a letter for the stream in front of every line.
    text = chunk["content"] if first < log["num_lines"] else ""
    return LogPart(
        key=row.key,
        first=asked.first,
        total=max(log["num_lines"] - place.before, 0),
        lines=[line[1:] for line in text.splitlines()],
        page=failures.log_page(known, place),
    )


async def build_job(source: Source, asked: BuildName) -> BuildJob:
    """What a worker was told of a build.

    :raises Problem: there is no such build, or its job file is there no more.
    """
    known = source.known()
    row = builds.build_row(known, asked.key)
    try:
        text = await threads.deferToThread(source.plan.state.jobs.read, row.key)
    except OSError:
        raise not_found(f"the job file of build {row.key[:12]} is there no more") from None
    job = Job.model_validate_json(text)
    shown = job.model_copy(update={"pool_url": ""})
    return BuildJob(
        job=_without_credentials(shown.model_dump(mode="json")),
        archives=likes.archives_of(known, row.distro, job.inputs),
    )


def _without_credentials(value: Any) -> Any:
    """The same with every URL as everybody may use it: those of distros may have them, too."""
    if isinstance(value, dict):
        return {name: _without_credentials(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_credentials(one) for one in value]
    return without_credentials(value) if isinstance(value, str) else value


async def component_runs(source: Source, asked: RunsQuery) -> ComponentRuns:
    """How a component's builds on a line went.

    :raises Problem: there is no such component or line.
    """
    known = source.known()
    place = line_of(known, asked)
    rows = runs.rows_of(known, asked.name, place, asked.limit)
    results = await threads.deferToThread(_results, known.site.state, rows)
    return runs.runs(known, asked.name, place, rows, results)


def line_of(known: Known, asked: GraphQuery | RunsQuery) -> LineId:
    """The line of a component that is asked for, or the first.

    :raises Problem: there is no such component or line.
    """
    name = known.component(asked.name)
    channel = known.channel(asked.channel)
    if asked.distro is not None:
        return known.line(channel, asked.distro)
    component = known.farm.stack.components[name]
    for line in known.farm.lines:
        if line[0] == channel and component.builds_on(line[1]):
            return line
    raise not_found(f"{name} is not built on channel {channel}")


def _results(state: Path, rows: Iterable[BuildRow]) -> dict[str, BuildResult]:
    found = {}
    for row in rows:
        if row.outcome == BUILT:
            folder = "pool" if row.inputs.get("trust", TRUSTED) == TRUSTED else "pool-untrusted"
            # A build that was removed, or that nobody may read, has no phases to show.
            with suppress(FarmError, OSError):
                if (result := _result(state / folder, row.key)) is not None:
                    found[row.key] = result
    return found


@lru_cache(RESULTS_KEPT)
def _result(folder: Path, key: str) -> BuildResult | None:
    return pool.result(folder, key)
