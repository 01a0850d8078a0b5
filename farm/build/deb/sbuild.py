"""The sbuild backend: Debian's own build tool, in a fresh unpacked root per build.

Slower than the overlay backend and independent of it: what it builds, it builds from the source
package alone. For generated packaging that source package needs to know what gets installed, so
the component is first built and staged (without its tests) as the overlay backend does.
"""

from __future__ import annotations

import os
import pwd
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from farm.build.deb.apt import read_inputs
from farm.build.deb.mirrors import mirror_directory, network_environment
from farm.build.deb.progress import Progress
from farm.build.deb.relations import Package, needs_of
from farm.build.deb.roots import DebRoot, locked, root_for
from farm.build.deb.source import SourcePackage, listed_files, outcome_of, source_of
from farm.build.deb.staging import installed_overlay, stage, unpack
from farm.build.deb.tree import BUILD, BuildTree
from farm.build.interface import BuildOutcome, BuildRequest
from farm.build.phases import Phases
from farm.build.stream import run_following
from farm.errors import CommandError, FarmError, InfrastructureError
from farm.model import Distro
from farm.run import clean_environment, run

# sbuild unpacks roots where a tmpfs of this process' own mount namespace is: it is faster, and a
# killed build leaves nothing behind.
_IN_NAMESPACE = 'mount -t tmpfs -o mode=1777 farm "$1" && shift && exec "$@"'

_CONFIGURATION = "$unshare_tmpdir_template = '{}/root.XXXXXXXXXX';\n1;\n"

_BUILD_FINISHED = re.compile(r"^Build finished at ", re.MULTILINE)
_FAIL_STAGE = re.compile(r"^Fail-Stage: (\S+)", re.MULTILINE)


class Sbuild:
    """Builds Debian packages with ``sbuild --chroot-mode=unshare``.

    :param jobs: compile jobs at once in one build; default: this machine's processors.
    """

    def __init__(self, jobs: int | None = None):
        self._jobs = jobs or len(os.sched_getaffinity(0))

    def prepare(self, distro: Distro, cache: Path, log: TextIO) -> str:
        """See `farm.build.interface.Backend.prepare`."""
        root = root_for(distro, cache, log)
        _tarball(root)
        return root.identity

    def build(self, request: BuildRequest, log: TextIO) -> BuildOutcome:
        """See `farm.build.interface.Backend.build`."""
        phases = Phases(log, request.timeout_s)
        with phases.guard():
            phases.enter("root")
            _check_machine(request.distro)
            root = root_for(request.distro, request.cache, log)
            tarball = _tarball(root)
            source = source_of(request)
            with tempfile.TemporaryDirectory(dir=request.cache) as scratch:
                _make_source(request, root, source, Path(scratch), self._jobs, phases)
                return self._sbuild(request, root, tarball, source, Path(scratch), phases)

    def _sbuild(
        self,
        request: BuildRequest,
        root: DebRoot,
        tarball: Path,
        source: SourcePackage,
        scratch: Path,
        phases: Phases,
    ) -> BuildOutcome:
        phases.enter("dependencies")
        inputs = needs_of(source.build_depends, read_inputs(request.inputs), root.packages()).inputs
        unpacked = request.cache / "sbuild"
        unpacked.mkdir(exist_ok=True)
        (scratch / "sbuildrc").write_text(_CONFIGURATION.format(unpacked))
        progress = Progress(phases)
        argv = sbuild_argv(
            request.distro, tarball, scratch / source.file(".dsc"), inputs, scratch, self._jobs
        )
        # fmt: off
        wrapped = ["setpriv", "--pdeathsig", "KILL",
                   "unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc",
                   "sh", "-c", _IN_NAMESPACE, "sh", str(unpacked), *argv]
        # fmt: on
        with phases.verdict():
            try:
                run_following(
                    "build with sbuild",
                    wrapped,
                    env=clean_environment(
                        HOME=str(scratch),
                        SBUILD_CONFIG=str(scratch / "sbuildrc"),
                        **network_environment(),
                    ),
                    output=progress.line,
                    timeout_s=phases.remaining_s(),
                )
            except CommandError as error:
                raise failure_of(error, phases.current) from error
        changes = source.file(f"_{request.distro.architecture}.changes")
        names = (*listed_files((scratch / changes).read_text()), changes)
        for name in names:
            (scratch / name).rename(request.out / name)
        return outcome_of(source, names, progress.tested, root.identity, phases.seconds())


def sbuild_argv(
    distro: Distro,
    tarball: Path,
    source: Path,
    inputs: Sequence[Package],
    result: Path,
    jobs: int,
) -> list[str]:
    """The argument list that builds a .dsc and puts everything, sources too, into `result`."""
    # fmt: off
    return [
        "sbuild", "--chroot-mode=unshare", f"--chroot={tarball}", "--dist=unstable",
        f"--arch={distro.architecture}", "--arch-all", "--source", f"--build-dir={result}",
        f"--debbuildopt=-j{jobs}", "--nolog", "--no-apt-upgrade", "--no-apt-distupgrade",
        "--no-run-lintian", "--no-run-piuparts", "--no-run-autopkgtest",
        *(f"--extra-package={p.path}" for p in inputs),
        str(source),
    ]
    # fmt: on


def failure_of(error: CommandError, phase: str) -> FarmError:
    """What a failed sbuild means: only its build stage is about the component.

    (Dependencies too, but those were resolved before it started.)
    """
    stage = _FAIL_STAGE.search(error.output)
    if not stage or stage[1] != "build":
        where = stage[1] if stage else "start"
        return InfrastructureError(f"sbuild failed in {where}: {error}")
    # The end of the output is a summary; what went wrong stands before it.
    output = _BUILD_FINISHED.split(error.output)[0]
    return CommandError(f"{phase} in sbuild", error.argv[-1:], error.exit_status, output)


def subordinate_ids_problem(user: str, subuid: str, subgid: str) -> str:
    """What to do before `user` can run sbuild; empty when nothing.

    :param subuid: text of /etc/subuid, and `subgid` of /etc/subgid.
    """
    if all(re.search(f"^{re.escape(user)}:", t, re.MULTILINE) for t in (subuid, subgid)):
        return ""
    return (
        f"sbuild needs ranges of subordinate ids for {user}, and /etc/subuid or /etc/subgid has "
        f"none; run: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}"
    )


def _check_machine(distro: Distro) -> None:
    if mirror_directory(distro.root):
        raise InfrastructureError(
            f"{distro.name}: sbuild cannot read a mirror that is a directory; serve it over HTTP "
            "or use the overlay backend"
        )
    texts = [Path(f"/etc/{name}") for name in ("subuid", "subgid")]
    user = pwd.getpwuid(os.getuid()).pw_name
    problem = subordinate_ids_problem(user, *(t.read_text() if t.exists() else "" for t in texts))
    if problem:
        raise InfrastructureError(problem)


def _tarball(root: DebRoot) -> Path:
    """The root as the tarball that sbuild unpacks, made once."""
    tarball = root.directory / "chroot.tar"
    if not tarball.exists():
        with locked(root.directory / "chroot.lock"):
            if not tarball.exists():
                new = root.directory / "chroot.tar.new"
                # fmt: off
                run("make sbuild's tarball of the root",
                    ["tar", "--numeric-owner", "--exclude=./dev/*", "--exclude=./proc/*",
                     "--exclude=./sys/*", "-C", root.tree, "-cf", new, "."])
                # fmt: on
                new.rename(tarball)
    return tarball


def _make_source(
    request: BuildRequest,
    root: DebRoot,
    source: SourcePackage,
    out: Path,
    jobs: int,
    phases: Phases,
) -> None:
    """Make the source package and put it into `out`."""
    phases.enter("dependencies")
    with installed_overlay(request, root, source, phases) as overlay:
        tree = BuildTree(overlay, source, phases, f"parallel={jobs} nocheck")
        phases.enter("unpack")
        unpack(request, source, tree)
        if request.own_packaging:
            tree.run("make the source package", ["dpkg-source", "-b", tree.path], cwd=BUILD)
        else:
            stage(request, tree, overlay, phases)
        tree.collect(source.file(".dsc"), out)
