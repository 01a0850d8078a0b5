"""Job files: everything that a worker needs to know for a build, written when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from twisted.logger import Logger

from farm.decisions import Start
from farm.digest import is_debug_package
from farm.errors import FarmError
from farm.files import write_atomically
from farm.generations import Farm
from farm.git import Mirror
from farm.heads import Head, changes_since
from farm.job.model import BuildResult, Job, JobInput
from farm.records.store import BuildRow

_log = Logger()


class JobFiles:
    """The job files of a farm, by build key.

    :param folder: where they lie.
    :param pool_url: where workers find the pool.
    :param mirror: the mirror of a clone URL.
    :param result: what the pool says of a build.
    """

    def __init__(
        self,
        folder: Path,
        farm: Farm,
        pool_url: str,
        mirror: Callable[[str], Mirror],
        result: Callable[[BuildRow], BuildResult | None],
    ):
        self._folder = folder
        self._farm = farm
        self._pool_url = pool_url
        self._mirror = mirror
        self._result = result

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def read(self, key: str) -> str:
        """The job file of a build, as text."""
        return self._path(key).read_text()

    def write(self, start: Start) -> None:
        """Say everything that a worker needs to know for a build, once and for all."""
        farm, build = self._farm, start.build
        component = farm.stack.components[build.component]
        generation = farm.records.generations[build.channel, build.distro]
        head = generation.admitted[build.component]
        job = Job(
            key=build.key,
            component=component,
            distro=farm.stack.distros[build.distro],
            channel=build.channel,
            maintainer=farm.stack.maintainer,
            commit=head.commit,
            upstream_version=head.upstream_version,
            rebuild=build.rebuild,
            timestamp=head.timestamp,
            changes=self._changes(build, head),
            inputs=self._inputs(start),
            timeout_minutes=start.timeout_minutes,
            pool_url=self._pool_url,
        )
        write_atomically(self._path(build.key), job.model_dump_json(indent=1))

    def _changes(self, build: BuildRow, head: Head) -> tuple[str, ...]:
        snapshot = self._farm.records.snapshots.get((build.channel, build.distro))
        before = snapshot and self._farm.records.builds.get(
            snapshot.content.get(build.component, "")
        )
        component = self._farm.stack.components[build.component]
        changes: tuple[str, ...] = ()
        if before and before.inputs["commit"] != head.commit:
            try:
                mirror = self._mirror(component.git)
                changes = changes_since(mirror, component, before.inputs["commit"], head.commit)
            except FarmError as error:
                _log.warn("{error}", error=error)
        rebuilt = tuple(f"Rebuilt: {reason}" for reason in build.reasons) if build.rebuild else ()
        return changes + rebuilt or (f"Commit {head.commit[:12]}: {head.subject}",)

    def _inputs(self, start: Start) -> tuple[JobInput, ...]:
        direct = set(self._farm.stack.components[start.build.component].depends)
        inputs = []
        for name, key in sorted(start.sees.items()):
            result = self._result(self._farm.records.builds[key])
            if result is None:
                raise FarmError(f"the pool has lost build {key} of {name} on {start.build.distro}")
            inputs += [
                JobInput(
                    component=name,
                    package=file.package,
                    version=file.version,
                    filename=file.filename,
                    key=key,
                    sha256=file.sha256,
                    size=file.size,
                    direct=name in direct,
                )
                for file in result.files
                if file.kind == "binary" and not is_debug_package(file.package)
            ]
        return tuple(inputs)
