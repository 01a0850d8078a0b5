"""An upgrade with dnf and rpm, in an overlay of an rpm distro's clean root.

This machine's dnf decides and downloads, as for builds (small roots have none); the root's own rpm
installs, in a bubblewrap without network: packages' scripts are nobody's but theirs.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import createrepo_c

from farm.build.rpm.dependencies import INPUT_PRIORITY
from farm.build.rpm.dnf import is_unsolvable
from farm.build.rpm.roots import RpmRoot, root_in_use
from farm.build.sandbox import Overlay
from farm.errors import CommandError
from farm.model import Distro, Family
from repo_publish.content import Placed
from repo_publish.files import place
from repo_publish.gate.packages import Package
from repo_publish.gate.rpm import write_metadata
from repo_publish.gate.rpm_packages import Record
from repo_publish.upgrade.machine import (
    FOLLOWING,
    LIVE,
    TIMEOUT_S,
    Failure,
    LiveBroken,
    Machine,
    logged,
    what_is_wrong,
)

_INSIDE = "/mnt"
_MAX_TRIES = 30
_LOCATION = re.compile(r'<location href="[^"]*"/>')
_REMOVING = re.compile(r"^Removing.*:\n((?: .*\n)+)", re.MULTILINE)
_SCRIPT = re.compile(r"(?P<why>%\w+\((?P<nevra>\S+?)\) scriptlet failed.*)")
_CONFLICT = re.compile(r"(?P<why>file \S+ .*from install of (?P<nevra>\S+) conflicts .*)")
_UNMET = re.compile(r"^\s+(?P<why>.* is needed by (?:\(installed\) )?(?P<nevra>\S+))", re.MULTILINE)
_PROBLEM = re.compile(r"^ ?Problem(?: \d+)?: (?P<why>.*)", re.MULTILINE)
_QUERY = "%{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n"


class RpmMachines:
    """See `repo_publish.upgrade.machine.Machines`.

    :param cache: where clean roots are kept.
    """

    family = Family.RPM

    def __init__(self, distribution: Distro, cache: Path, log: TextIO):
        self._distribution = distribution
        self._cache = cache
        self._log = log

    def write_repository(self, directory: Path, files: Mapping[Package, Placed]) -> None:
        """See `Machines.write_repository`."""
        records = []
        for package, placed in files.items():
            name = placed.file.filename
            place(placed.origin, directory / name)
            record: Record = package.record
            here = _LOCATION.sub(f'<location href="{name}"/>', record.primary)
            records.append(Record(record.nevra, here, record.filelists))
        repodata = directory / "repodata"
        repodata.mkdir()
        repomd = createrepo_c.Repomd()
        for file in write_metadata(records, repodata):
            record_of_file = createrepo_c.RepomdRecord(file.stem, str(file))
            record_of_file.fill(createrepo_c.SHA256)
            repomd.set_record(record_of_file)
        (repodata / "repomd.xml").write_text(repomd.xml_dump())

    @contextmanager
    def machine(self, repositories: Path) -> Iterator[Machine]:
        """See `Machines.machine`."""
        with (
            root_in_use(self._distribution, self._cache, self._log) as root,
            Overlay([root.path], self._cache / "rpm/work") as overlay,
            tempfile.TemporaryDirectory(dir=repositories, prefix="downloads-") as downloads,
        ):
            yield _RpmMachine(overlay, root, repositories, Path(downloads), self._log)


class _RpmMachine:
    def __init__(
        self, overlay: Overlay, root: RpmRoot, repositories: Path, downloads: Path, log: TextIO
    ):
        self._overlay = overlay
        self._root = root
        self._repositories = repositories
        self._downloads = downloads
        self._log = log
        self._stays: set[str] = set()

    def install(self, packages: Sequence[Package]) -> list[Package]:
        """See `Machine.install`."""
        wanted = list(packages)
        try:
            self._fetch(LIVE, "install", wanted)
        except CommandError as error:
            if not is_unsolvable(error.output):
                raise
            wanted = []
            for package in packages[:_MAX_TRIES]:
                try:
                    self._fetch(LIVE, "install", [*wanted, package])
                except CommandError:
                    continue
                wanted.append(package)
            self._fetch(LIVE, "install", wanted)
        try:
            said = self._rpm()
        except CommandError as error:
            raise LiveBroken(failure_of(error.output)) from error
        if _SCRIPT.search(said):
            raise LiveBroken(failure_of(said))
        self._stays = {package.name for package in wanted}
        return wanted

    def upgrade(self, newer: Mapping[str, str], may_go: Collection[str]) -> Failure | None:
        """See `Machine.upgrade`."""
        wanted = [f"{name}-{version}" for name, version in sorted(newer.items())]
        try:
            plan = self._dnf(FOLLOWING, "upgrade", wanted)
        except CommandError as error:
            if not is_unsolvable(error.output):
                raise
            return failure_of(error.output)
        if removed := sorted(removals(plan) - set(may_go)):
            return Failure(f"{', '.join(removed)} would be removed")
        try:
            said = self._rpm()
        except CommandError as error:
            return failure_of(error.output)
        if _SCRIPT.search(said):
            return failure_of(said)
        unmet = self._unmet()
        return unmet or what_is_wrong(self._installed(), newer, self._stays - set(may_go))

    def _unmet(self) -> Failure | None:
        argv = ["rpm", "--verify", "--all", "--nofiles", "--nodigest", "--nosignature"]
        try:
            self._run("check the dependencies of what is installed", argv)
        except CommandError as error:
            return Failure(" ".join(error.output.split())[:300])
        return None

    def _installed(self) -> dict[str, str]:
        listing = self._run("list what is installed", ["rpm", "-qa", "--qf", _QUERY])
        return dict(line.split(" ", 1) for line in listing.splitlines() if line)

    def _fetch(self, repository: str, command: str, packages: Sequence[Package]) -> None:
        self._dnf(repository, command, [f"{p.name}-{p.version}" for p in packages])

    def _dnf(self, repository: str, command: str, packages: Sequence[str]) -> str:
        """Have dnf decide on a command and download what it needs; what it says of that."""
        shutil.rmtree(self._downloads)
        self._downloads.mkdir()
        # dnf keeps metadata by name: one that nothing else uses, and that is removed again.
        name = f"farm-upgrade-{uuid.uuid4().hex}"
        argv = self._root.dnf.argv(
            self._overlay.mount_point,
            f"--repofrompath={name},{(self._repositories / repository).absolute().as_uri()}",
            f"--setopt={name}.priority={INPUT_PRIORITY}",
            f"--setopt={name}.gpgcheck=0",
            "--downloadonly",
            f"--downloaddir={self._downloads}",
            command,
            *packages,
        )
        try:
            return logged(
                self._log,
                argv,
                lambda: self._overlay.run_host(
                    "try the upgrade", argv, env=self._root.dnf.environment, timeout_s=TIMEOUT_S
                ),
            )
        finally:
            for kept in self._root.dnf.cache.glob(f"{name}*"):
                if kept.is_dir():
                    shutil.rmtree(kept, ignore_errors=True)
                else:
                    kept.unlink()

    def _rpm(self) -> str:
        """Install what was downloaded."""
        files = sorted(f"{_INSIDE}/{file.name}" for file in self._downloads.glob("*.rpm"))
        if not files:
            return ""
        return self._run("try the upgrade", ["rpm", "--upgrade", "--verbose", *files])

    def _run(self, what: str, argv: Sequence[str]) -> str:
        return logged(
            self._log,
            argv,
            lambda: self._overlay.run(
                what, argv, bind={self._downloads: _INSIDE}, timeout_s=TIMEOUT_S
            ),
        )


def removals(plan: str) -> set[str]:
    """The packages that dnf says it would remove; what others replace is none of them."""
    lines = (line for section in _REMOVING.findall(plan) for line in section.splitlines())
    # A line that goes on in the next one is indented further there.
    return {line.split()[0] for line in lines if not line.startswith("  ")}


def failure_of(output: str) -> Failure:
    """What dnf and rpm complain of."""
    for pattern in (_SCRIPT, _CONFLICT, _UNMET):
        if found := pattern.search(output):
            return Failure(found["why"].strip(), found["nevra"].rsplit("-", 2)[0])
    if found := _PROBLEM.search(output):
        return Failure(found["why"])
    errors = [line for line in output.splitlines() if "rror: " in line]
    return Failure((errors or output.splitlines() or ["rpm failed"])[-1])
