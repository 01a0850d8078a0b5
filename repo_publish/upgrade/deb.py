"""An upgrade with apt and dpkg, in an overlay of a suite's clean root.

Packages are fetched with the network and installed without: their scripts run in a bubblewrap.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from farm.build.bubblewrap import ROOT
from farm.build.deb.apt import apt_get
from farm.build.deb.mirrors import mirror_directory, network_environment
from farm.build.deb.roots import locked, root_for
from farm.build.sandbox import Overlay
from farm.errors import CommandError
from farm.model import Distro, Family
from farm.pool import sha256_of
from repo_publish.content import Placed
from repo_publish.files import place
from repo_publish.gate.closure import paragraphs
from repo_publish.gate.packages import Package
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

_INSIDE = "/run/farm/upgrade"
_ARCHIVES = "/var/cache/apt/archives"
_LIST = "/etc/apt/sources.list.d/farm-upgrade.list"
_ORIGIN = "farm-upgrade-test"
_PREFERENCES = f"Package: *\nPin: release o={_ORIGIN}\nPin-Priority: 990\n"
"""Debian may have a newer version of a package: here the archive's is of interest."""
_MAX_TRIES = 30

_REMOVED = re.compile(r"^The following packages will be REMOVED:\n((?:  .*\n)+)", re.MULTILINE)
_UNREACHABLE = ("Failed to fetch", "Unable to fetch", "Some index files failed")
_DPKG = re.compile(
    r"^dpkg: error processing (?:package|archive) (\S+) \(.*?\):\n (.*)", re.MULTILINE
)
_UNMET = re.compile(r"^ (\S+) : (.*)", re.MULTILINE)


class DebMachines:
    """See `repo_publish.upgrade.machine.Machines`.

    :param cache: where clean roots are kept.
    """

    family = Family.DEB

    def __init__(self, distribution: Distro, cache: Path, log: TextIO):
        self._distribution = distribution
        self._cache = cache
        self._log = log

    def write_repository(self, directory: Path, files: Mapping[Package, Placed]) -> None:
        """See `Machines.write_repository`."""
        fields = []
        for package, placed in files.items():
            name = placed.file.filename
            place(placed.origin, directory / name)
            fields.append(
                {
                    **package.record,
                    "Filename": f"./{name}",
                    "Size": str(placed.file.size),
                    "SHA256": placed.file.sha256,
                }
            )
        index = directory / "Packages"
        index.write_text(paragraphs(fields))
        (directory / "Release").write_text(
            f"Origin: {_ORIGIN}\nSHA256:\n {sha256_of(index)} {index.stat().st_size} Packages\n"
        )

    @contextmanager
    def machine(self, repositories: Path) -> Iterator[Machine]:
        """See `Machines.machine`."""
        root = root_for(self._distribution, self._cache, self._log)
        archives = root.directory / "upgrade-archives"
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        mirror = mirror_directory(self._distribution.root)
        bind = {repositories: _INSIDE, **({Path(mirror): mirror} if mirror else {})}
        # One at a time: apt's downloads are shared.
        with (
            locked(root.directory / "upgrade.lock"),
            Overlay([root.tree], self._cache / "mnt") as overlay,
        ):
            yield _DebMachine(overlay, bind, archives, self._log)


class _DebMachine:
    def __init__(self, overlay: Overlay, bind: Mapping[Path, str], archives: Path, log: TextIO):
        self._overlay = overlay
        self._bind = bind
        self._archives = archives
        self._log = log
        self._stays: set[str] = set()
        overlay.put("/etc/apt/preferences.d", {"farm-upgrade": _PREFERENCES}, user=ROOT)

    def install(self, packages: Sequence[Package]) -> list[Package]:
        """See `Machine.install`."""
        self._use(LIVE)
        try:
            wanted = list(packages)
            self._fetch(_versions(wanted))
        except CommandError:
            wanted = self._that_go_together(packages)
            if wanted:
                self._fetch(_versions(wanted))
        if wanted:
            try:
                self._apt("install", *_versions(wanted))
            except CommandError as error:
                raise LiveBroken(failure_of(error.output)) from error
        self._stays = {package.name for package in wanted}
        return wanted

    def upgrade(self, newer: Mapping[str, str], may_go: Collection[str]) -> Failure | None:
        """See `Machine.upgrade`."""
        self._use(FOLLOWING)
        wanted = [f"{name}={version}" for name, version in sorted(newer.items())]
        try:
            plan = self._fetch(wanted)
        except CommandError as error:
            if is_unreachable(error.output):
                raise
            return failure_of(error.output)
        if removed := sorted(removals(plan) - set(may_go)):
            return Failure(f"{', '.join(removed)} would be removed")
        try:
            self._apt("install", *wanted)
        except CommandError as error:
            return failure_of(error.output)
        audit = self._run("look for half installed packages", ["dpkg", "--audit"])
        if audit.strip():
            return Failure(" ".join(audit.split())[:300])
        return what_is_wrong(self._installed(), newer, self._stays - set(may_go))

    def _installed(self) -> dict[str, str]:
        listing = self._run(
            "list what is installed", ["dpkg-query", "-W", "-f", "${Package} ${Version}\\n"]
        )
        return dict(line.split(" ", 1) for line in listing.splitlines())

    def _use(self, repository: str) -> None:
        """Let apt see this repository of the farm's, and no other."""
        line = f"deb [trusted=yes] file:{_INSIDE}/{repository} ./\n"
        self._overlay.put(str(Path(_LIST).parent), {Path(_LIST).name: line}, user=ROOT)
        only = [f"-oDir::Etc::sourcelist={_LIST}", "-oDir::Etc::sourceparts=-"]
        self._apt(*only, "-oAPT::Get::List-Cleanup=0", "update")

    def _that_go_together(self, packages: Sequence[Package]) -> list[Package]:
        chosen: list[Package] = []
        for package in packages[:_MAX_TRIES]:
            try:
                self._apt("--simulate", "install", *_versions([*chosen, package]))
            except CommandError:
                continue
            chosen.append(package)
        return chosen

    def _fetch(self, wanted: Sequence[str]) -> str:
        """Download what installing these needs; what apt says it would do."""
        try:
            return self._apt("--download-only", "install", *wanted, network=True)
        except CommandError as error:
            if not is_unreachable(error.output):
                raise
        # The mirror has moved on since the root was made.
        self._apt("update", network=True)
        return self._apt("--download-only", "install", *wanted, network=True)

    def _apt(self, *arguments: str, network: bool = False) -> str:
        return self._run("try the upgrade", apt_get(*arguments), network=network)

    def _run(self, what: str, argv: Sequence[str], *, network: bool = False) -> str:
        environment = network_environment() if network else {}

        def call() -> str:
            return self._overlay.run(
                what,
                argv,
                network=network,
                bind=self._bind,
                bind_writable={self._archives: _ARCHIVES},
                env={**environment, "DEBIAN_FRONTEND": "noninteractive"},
                timeout_s=TIMEOUT_S,
            )

        return logged(self._log, argv, call)


def removals(plan: str) -> set[str]:
    """The packages that apt says it would remove."""
    found = _REMOVED.search(plan)
    return {name.rstrip("*") for name in found[1].split()} if found else set()


def is_unreachable(output: str) -> bool:
    """Whether apt could not fetch something that it found a use for."""
    return any(said in output for said in _UNREACHABLE)


def failure_of(output: str) -> Failure:
    """What apt and dpkg complain of."""
    if found := _DPKG.search(output):
        # An archive is told by its file: name_version_architecture.deb.
        name = Path(found[1]).name.partition("_")[0]
        return Failure(f"{name}: {found[2]}", name)
    if found := _UNMET.search(output):
        return Failure(f"{found[1]} {' '.join(found[2].split())}", found[1].partition(":")[0])
    errors = [line for line in output.splitlines() if line.startswith(("E:", "dpkg:"))]
    return Failure((errors or output.splitlines() or ["apt failed"])[-1])


def _versions(packages: Sequence[Package]) -> list[str]:
    return [f"{package.name}={package.version}" for package in packages]
