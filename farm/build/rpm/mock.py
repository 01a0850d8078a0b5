"""The mock backend: the standard way to build RPMs where mock is installed.

Needs a user in the group ``mock``. mock makes, caches and isolates the roots; the farm decides
what is built in which order and reads what comes out.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from farm.build.interface import BuildOutcome, BuildRequest
from farm.build.phases import Phases
from farm.build.rpm.inputs import make_repository, read_rpm
from farm.build.rpm.mock_command import (
    CONFIGURATIONS,
    Chroot,
    configuration_text,
    installed_lines,
    verdict,
)
from farm.build.rpm.output import RpmbuildOutput
from farm.build.rpm.results import finish, left_in, staging_directory
from farm.build.rpm.roots import installed_identity
from farm.build.rpm.rpmbuild import LENIENT, reuse_between, skipping
from farm.build.rpm.scratch import scratch_directory
from farm.build.rpm.source import Source, generated_source, own_source, put_spec
from farm.build.stream import TimeLimitExceeded, follow
from farm.errors import BuildFailure, CommandError, FarmError, InfrastructureError
from farm.model import Distro
from farm.packaging.manifest import scan
from farm.packaging.spec import spec_text
from farm.packaging.split import split_rpm
from farm.run import clean_environment, run

IDENTITY_KEPT_S = 3600
"""mock renews a root at most once a day; asking takes seconds."""

END_TIMEOUT_S = 60

_KEPT_OF_CALLER = ("HOME", "USER", "LOGNAME", "XDG_RUNTIME_DIR")


class Mock:
    """Builds RPMs with mock; see `farm.build.interface.Backend`.

    :param isolation: mock's way to isolate a build; ``simple`` does not cut it off the network.
    :param configurations: where the worker's mock configurations are.
    """

    def __init__(
        self,
        command: Sequence[str] = ("mock",),
        isolation: str = "nspawn",
        configurations: Path = CONFIGURATIONS,
    ):
        self._command = tuple(command)
        self._isolation = isolation
        self._configurations = configurations

    def prepare(self, distro: Distro, cache: Path, log: TextIO) -> str:
        """Make the distro's root unless mock has it cached; return its identity."""
        place = cache / "mock"
        record = place / f"{distro.root.mock}.identity"
        try:
            place.mkdir(parents=True, exist_ok=True)
            if record.exists() and time.time() - record.stat().st_mtime < IDENTITY_KEPT_S:
                return record.read_text()
            with scratch_directory(place) as scratch:
                chroot = self.chroot(distro, scratch, timestamp=0)
                try:
                    listing = run_mock(chroot.installed_argv(), Phases(log, float("inf")))
                finally:
                    remove(chroot)
            identity = installed_identity("\n".join(installed_lines(listing)))
            fresh = Path(f"{record}.{os.getpid()}")
            fresh.write_text(identity)
            fresh.replace(record)
        except (OSError, BuildFailure) as error:
            raise InfrastructureError(f"making the root of {distro.name}: {error}") from error
        return identity

    def build(self, request: BuildRequest, log: TextIO) -> BuildOutcome:
        """Build, test and package in a chroot of mock's."""
        place = request.cache / "mock"
        phases = Phases(log, request.timeout_s)
        phases.enter("root")
        identity = self.prepare(request.distro, request.cache, log)
        try:
            with scratch_directory(place) as scratch:
                chroot = self.chroot(request.distro, scratch, request.info.timestamp)
                try:
                    return _Build(request, chroot, identity, scratch, phases).run()
                finally:
                    remove(chroot)
        except (OSError, CommandError) as error:
            raise InfrastructureError(f"building {request.info.name}: {error}") from error

    def chroot(self, distro: Distro, directory: Path, timestamp: int) -> Chroot:
        """A new chroot's name and its configuration, written to `directory`."""
        text = configuration_text(distro.root, timestamp, self._isolation, self._configurations)
        file = directory / f"{distro.root.mock}.cfg"
        file.write_text(text)
        # mock makes its cached root anew when a configuration is younger.
        os.utime(file, (0, 0))
        return Chroot(self._command, file, f"farm-{uuid.uuid4().hex[:12]}")


class _Build:
    """One build, from the request to the outcome."""

    def __init__(
        self, request: BuildRequest, chroot: Chroot, identity: str, scratch: Path, phases: Phases
    ):
        self._request = request
        self._chroot = chroot
        self._identity = identity
        self._scratch = scratch
        self._phases = phases
        self._output = RpmbuildOutput(phases)
        self._repositories: list[str] = []

    def run(self) -> BuildOutcome:
        """Build; see `farm.build.interface.Backend.build`."""
        self._phases.enter("source")
        directory = self._scratch / "source"
        directory.mkdir()
        inputs = [read_rpm(given.path) for given in self._request.inputs]
        if inputs:
            make_repository(inputs, self._scratch / "repository")
            self._repositories = [(self._scratch / "repository").absolute().as_uri()]
        if self._request.own_packaging:
            source = own_source(self._request, directory, _expand)
            results = self._mock_build("result", source, ())
        else:
            source = generated_source(self._request, directory)
            results = self._build_generated(source)
        return self._outcome(source, results)

    def _build_generated(self, source: Source) -> Path:
        """Build once, see what was installed, and package that."""
        provisional = put_spec(
            source, spec_text(self._request.info, None), self._request.info.timestamp
        )
        self._mock_build("first", provisional, LENIENT)
        self._phases.enter("package")
        root = run("find mock's chroot", self._chroot.path_argv(), env=_environment()).strip()
        try:
            staging = staging_directory(Path(root) / "builddir/build")
            packages = split_rpm(self._request.info.name, scan(staging))
            final = spec_text(self._request.info, packages)
        except FarmError as error:
            raise BuildFailure("install", str(error)) from error
        reuse = left_in(staging, reuse_between(provisional.text, final))
        packaged = put_spec(source, final, self._request.info.timestamp)
        return self._mock_build("result", packaged, skipping(reuse), go_on=True)

    def _mock_build(
        self, name: str, source: Source, options: Sequence[str], *, go_on: bool = False
    ) -> Path:
        sources = self._scratch / f"{name}-sources"
        shutil.copytree(source.directory, sources, ignore=shutil.ignore_patterns("*.spec"))
        results = self._scratch / name
        results.mkdir()
        argv = self._chroot.build_argv(
            source.directory / source.spec,
            sources,
            results,
            self._repositories,
            self._phases.remaining_s(),
            options,
            go_on=go_on,
        )
        run_mock(argv, self._phases, self._output)
        return results

    def _outcome(self, source: Source, results: Path) -> BuildOutcome:
        for package in results.glob("*.rpm"):
            shutil.copyfile(package, self._request.out / package.name)
        listing = results / "installed_pkgs.log"
        installed = listing.read_text().splitlines() if listing.exists() else []
        return finish(
            self._request,
            self._identity,
            [line.split()[0] for line in installed if line.strip()],
            tested=source.has_tests and self._output.tested,
            phases=self._phases,
        )


def run_mock(argv: list[str], phases: Phases, output: RpmbuildOutput | None = None) -> str:
    """Run mock, its output going to the log; return the end of it.

    :raises BuildFailure: as `mock_command.verdict` says, or after the time limit.
    :raises InfrastructureError: likewise, or mock is not installed.
    """
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment(),
        )
    except FileNotFoundError as error:
        raise InfrastructureError(f"{argv[0]} is not installed on this worker") from error
    said: list[str] = []

    def take(line: str) -> None:
        said.append(line)
        (output or phases).line(line)

    limit_s = phases.remaining_s()
    try:
        follow(process, "mock", take, limit_s if limit_s != float("inf") else None)
    except BaseException as error:
        # mock unmounts and kills what is in its chroot when it is asked to end.
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_TIMEOUT_S)
        process.kill()
        process.wait()
        if isinstance(error, TimeLimitExceeded):
            raise BuildFailure(phases.current, "ran longer than it may") from error
        raise
    text = "".join(said)
    if process.returncode:
        raise verdict(process.returncode, phases.current, text)
    return text


def remove(chroot: Chroot) -> None:
    """Throw a chroot away; what cannot be removed stays for mock to remove."""
    with contextlib.suppress(FarmError):
        run("remove mock's chroot", chroot.remove_argv(), env=_environment())


def _expand(text: str) -> str:
    """The spec with the worker's own macros: names of sources do not depend on the distro's."""
    with tempfile.NamedTemporaryFile("w", suffix=".spec") as file:
        file.write(text)
        file.flush()
        try:
            return run("read the spec", ["rpmspec", "--parse", file.name], env=_environment())
        except CommandError as error:
            raise BuildFailure("package", str(error)) from error


def _environment() -> dict[str, str]:
    """mock looks up its caller; nothing else of the environment reaches it."""
    return clean_environment(**{n: os.environ[n] for n in _KEPT_OF_CALLER if n in os.environ})
