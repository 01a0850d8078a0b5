"""The overlay backend for RPMs: a root from dnf, a throw-away view of it, rpmbuild inside."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TextIO

from farm.build.bubblewrap import BUILDER
from farm.build.interface import BuildOutcome, BuildRequest
from farm.build.phases import Phases
from farm.build.rpm.dependencies import Dependencies, install_inputs
from farm.build.rpm.inputs import RpmFile, read_rpm
from farm.build.rpm.output import RpmbuildOutput
from farm.build.rpm.results import finish, left_in, staging_directory
from farm.build.rpm.roots import RpmRoot, root_in_use
from farm.build.rpm.rpmbuild import (
    HOME,
    TOP_DIRECTORY,
    Reuse,
    install_argv,
    package_argv,
    reuse_between,
    source_argv,
)
from farm.build.rpm.scratch import scratch_directory
from farm.build.rpm.source import (
    Source,
    build_requires,
    generated_source,
    own_source,
    published_source,
    put_spec,
)
from farm.build.sandbox import Overlay
from farm.errors import BuildFailure, CommandError, FarmError, InfrastructureError
from farm.model import Distro
from farm.packaging.manifest import scan
from farm.packaging.spec import spec_text
from farm.packaging.split import split_rpm
from farm.run import CLEAN_PATH

_GIVEN = "/mnt"
"""Where a directory of this machine is mounted in the root."""

_PUT_SOURCES = f"""set -e
mkdir -p {TOP_DIRECTORY}/SPECS {TOP_DIRECTORY}/SOURCES
cp -p {_GIVEN}/* {TOP_DIRECTORY}/SOURCES/
mv {TOP_DIRECTORY}/SOURCES/*.spec {TOP_DIRECTORY}/SPECS/
"""

# Run as the root's root: a link that the build left cannot point out of the root.
_COLLECT = f"""set -e
cd {TOP_DIRECTORY}
find SRPMS RPMS -type f -name '*.rpm' -exec cp -p -t {_GIVEN} {{}} +
chown root:root {_GIVEN}/*.rpm
exec rpm -qa --queryformat '%{{NEVRA}} %{{SIGMD5}}\\n'
"""


class OverlayBackend:
    """Builds RPMs in overlays of a root that dnf made; see `farm.build.interface.Backend`."""

    def prepare(self, distro: Distro, cache: Path, log: TextIO) -> str:
        """Make the distro's root unless `cache` has it; return its identity."""
        try:
            with root_in_use(distro, cache, log) as root:
                return root.identity
        except (OSError, CommandError) as error:
            raise InfrastructureError(f"making the root of {distro.name}: {error}") from error

    def build(self, request: BuildRequest, log: TextIO) -> BuildOutcome:
        """Build, test and package in a clean root."""
        try:
            return _Build(request, log).run()
        except (OSError, CommandError) as error:
            raise InfrastructureError(f"building {request.info.name}: {error}") from error


class _Build:
    """One build, from the request to the outcome."""

    def __init__(self, request: BuildRequest, log: TextIO):
        self._request = request
        self._info = request.info
        self._architecture = request.distro.architecture
        self._log = log
        self._phases = Phases(log, request.timeout_s)
        self._output = RpmbuildOutput(self._phases)
        self._place = request.cache / "rpm"
        self._work = self._place / "work"
        self._environment = {
            "PATH": CLEAN_PATH,
            "HOME": HOME,
            "LANG": "C.UTF-8",
            "SOURCE_DATE_EPOCH": str(self._info.timestamp),
        }

    def run(self) -> BuildOutcome:
        """Build; see `farm.build.interface.Backend.build`."""
        self._phases.enter("root")
        with (
            root_in_use(self._request.distro, self._request.cache, self._log) as root,
            scratch_directory(self._place) as scratch,
        ):
            self._phases.enter("source")
            source, requires = self._source(root, scratch / "source")
            inputs = [read_rpm(given.path) for given in self._request.inputs]
            installed = self._build(root, source, requires, inputs, scratch, anew=False)
            if installed is None:
                installed = self._build(root, source, requires, inputs, scratch, anew=True)
            if installed is None:
                raise BuildFailure("dependencies", "dnf and rpm disagree on what is needed")
            return finish(
                self._request,
                root.identity,
                installed.splitlines(),
                tested=source.has_tests and self._output.tested,
                phases=self._phases,
            )

    def _source(self, root: RpmRoot, directory: Path) -> tuple[Source, list[str]]:
        """The sources, and what the build requires."""
        directory.mkdir()
        if published := self._request.source_package:
            requires = read_rpm(published).requires
            source = published_source(published, directory, self._info.timestamp)
            return source, [str(relation) for relation in requires]
        if not self._request.own_packaging:
            source = generated_source(self._request, directory)
            return source, build_requires(source.text)
        with Overlay([root.path], self._work) as overlay:
            source = own_source(self._request, directory, partial(self._expand, overlay))
        package = read_rpm(self._source_package(root, source))
        return source, [str(relation) for relation in package.requires]

    def _expand(self, overlay: Overlay, text: str) -> str:
        overlay.put(HOME, {"own.spec": text}, user=BUILDER)
        argv = ["rpmspec", "--parse", "--target", self._architecture, f"{HOME}/own.spec"]
        with self._phases.verdict(overlay.is_full):
            return overlay.run("read the spec", argv, user=BUILDER, env=self._environment, cwd=HOME)

    def _source_package(self, root: RpmRoot, source: Source) -> Path:
        """The source package of a spec, for dnf to read; it is not the one that is published."""
        out = source.directory.with_name("source-package")
        out.mkdir(exist_ok=True)
        with Overlay([root.path], self._work) as overlay:
            self._run(overlay, source, source_argv(source.spec, self._architecture))
            self._collect(overlay, out)
        return next(out.glob("*.src.rpm"))

    def _build(
        self,
        root: RpmRoot,
        source: Source,
        requires: list[str],
        inputs: list[RpmFile],
        scratch: Path,
        *,
        anew: bool,
    ) -> str | None:
        """Build with the dependencies that dnf decided on, lately or (`anew`) now.

        :return: what was installed; None when an earlier decision does not fit any more.
        """
        self._phases.enter("dependencies")
        source_package = partial(self._source_package, root, source)
        dependencies = Dependencies(root, self._work)
        resolution = dependencies.resolve(requires, inputs, source_package, self._phases, anew=anew)
        with Overlay(dependencies.lower(resolution), self._work) as overlay:
            chosen = [rpm for rpm in inputs if rpm.name in resolution.inputs]
            if not install_inputs(overlay, chosen, scratch, self._phases):
                return None
            try:
                if source.generated:
                    self._build_generated(overlay, source)
                else:
                    self._phases.enter("unpack")
                    self._package(overlay, source, Reuse.NOTHING)
            except BuildFailure:
                if self._output.missed_dependencies and not anew:
                    return None
                raise
            return self._collect(overlay, self._request.out)

    def _build_generated(self, overlay: Overlay, source: Source) -> None:
        """Build once, see what was installed, and package that."""
        self._phases.enter("unpack")
        self._run(overlay, source, install_argv(source.spec, self._architecture))
        self._phases.enter("package")
        try:
            staging = staging_directory(overlay.path / TOP_DIRECTORY.lstrip("/"))
            final = spec_text(self._info, split_rpm(self._info.name, scan(staging)))
        except FarmError as error:
            raise BuildFailure("install", str(error)) from error
        reuse = left_in(staging, reuse_between(source.text, final))
        self._package(overlay, put_spec(source, final, self._info.timestamp), reuse)

    def _package(self, overlay: Overlay, source: Source, reuse: Reuse) -> None:
        """Make the source package that is published, and build it."""
        self._run(overlay, source, source_argv(source.spec, self._architecture))
        made = overlay.path / TOP_DIRECTORY.lstrip("/") / "SRPMS"
        package = f"{TOP_DIRECTORY}/SRPMS/{next(made.glob('*.src.rpm')).name}"
        self._rpmbuild(overlay, [*package_argv(self._architecture, reuse), package])

    def _run(self, overlay: Overlay, source: Source, argv: list[str]) -> None:
        """Put the sources into the root and run rpmbuild on the spec."""
        overlay.run(
            "put the sources into the root",
            ["sh", "-c", _PUT_SOURCES],
            user=BUILDER,
            bind={source.directory: _GIVEN},
        )
        self._rpmbuild(overlay, argv)

    def _rpmbuild(self, overlay: Overlay, argv: list[str]) -> None:
        with self._phases.verdict(overlay.is_full):
            overlay.run(
                "build the packages",
                argv,
                user=BUILDER,
                cwd=f"{TOP_DIRECTORY}/SPECS",
                env=self._environment,
                output=self._output.line,
                timeout_s=self._phases.remaining_s(),
            )

    def _collect(self, overlay: Overlay, out: Path) -> str:
        """Copy the packages out; return a list of what was installed while they were built."""
        return overlay.run(
            "collect the packages", ["sh", "-c", _COLLECT], bind_writable={out: _GIVEN}
        )
