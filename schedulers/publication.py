"""What a publication says of a build, so that the archive can say where everything came from."""

from __future__ import annotations

from collections.abc import Callable

from twisted.logger import Logger

from farm.errors import FarmError
from farm.git import Mirror
from farm.heads import changes_since
from farm.job.model import Job
from farm.records.store import BuildRow, LineId, Records
from repo_publish.model import Published

_log = Logger()


def described(
    records: Records,
    line: LineId,
    build: BuildRow,
    read_job: Callable[[str], str],
    mirror_of: Callable[[str], Mirror],
) -> Published:
    """The build of a component that `line` is to publish.

    Of a build that is live nothing more is said than which it is: the archive knows the rest.

    :param read_job: the job file of a build key, as text.
    :param mirror_of: the mirror of a clone URL.
    """
    snapshot = records.snapshots.get(line)
    before = snapshot.content.get(build.component, "") if snapshot else ""
    said = Published(
        component=build.component,
        key=build.key,
        commit=build.inputs["commit"],
        reason="; ".join(build.reasons),
    )
    if before == build.key:
        return said
    try:
        job = Job.model_validate_json(read_job(build.key))
    except FileNotFoundError as error:  # the packages are there, and more is not needed
        _log.warn("{error}", error=error)
        return said
    return said.model_copy(
        update={
            "git": job.component.git,
            "directory": job.component.directory,
            "licence": job.component.licence,
            "inputs": {package.component: package.key for package in job.inputs},
            "changes": _changes(records.builds.get(before), job, mirror_of),
            "started": int(build.started_at),
            "finished": int(build.finished_at),
        }
    )


def _changes(
    before: BuildRow | None, job: Job, mirror_of: Callable[[str], Mirror]
) -> tuple[str, ...]:
    """Subjects of the commits since the build that is live."""
    if before is None:
        return job.changes
    old = before.inputs["commit"]
    if old == job.commit:
        return ()
    try:
        return changes_since(mirror_of(job.component.git), job.component, old, job.commit)
    except FarmError as error:  # a repository that is gone
        _log.warn("{error}", error=error)
        return ()
