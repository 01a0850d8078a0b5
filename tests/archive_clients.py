"""An archive as its users meet it: served over loopback, read by apt and dnf in own roots."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from farm.model import Distro
from farm.run import CLEAN_PATH
from repo_publish.keys import Keyring
from repo_publish.line import Line, line_of
from repo_publish.model import Publication, Published, Snapshot
from repo_publish.publisher import Stores, publish
from tests.packages import Rpm, build_deb, build_rpms, store

PROJECT = Path(__file__).parent.parent
TIMEOUT_S = 120

_SERVER = """
import sys
from pathlib import Path
from twisted.internet import reactor
from repo_publish.qa.receive import Reports
from repo_publish.serve import archive_site
archive = Path(sys.argv[1])
reports = Reports(archive, sys.argv[2]) if len(sys.argv) > 2 else None
port = reactor.listenTCP(0, archive_site(archive, reports=reports), interface="127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
"""


@dataclass
class Farm:
    """A pool, keys and an archive below one directory, and what is to be published."""

    directory: Path
    family: str
    url: str = "http://127.0.0.1:1"
    packages: dict[str, Published] = field(default_factory=dict)
    distribution: Distro | None = None
    cache: Path | None = None
    """Of the distribution's indices."""

    @property
    def pool(self) -> Path:
        return self.directory / "pool"

    @property
    def archive(self) -> Path:
        return self.directory / "archive"

    @property
    def keys(self) -> Path:
        return self.directory / "keys"

    @property
    def distro(self) -> str:
        return "bookworm" if self.family == "deb" else "el9"

    @property
    def live(self) -> Path:
        """The live tree, as clients find it."""
        return self.archive / "development" / self.distro

    def publication(self) -> Publication:
        return Publication.model_validate(
            {
                "channel": "development",
                "distro": self.distro,
                "family": self.family,
                "architecture": "amd64" if self.family == "deb" else "x86_64",
                "distribution": self.distribution,
                "packages": tuple(self.packages.values()),
            }
        )

    def publication_json(self) -> str:
        return self.publication().model_dump_json()

    def publish(self) -> Snapshot:
        return self.publish_json(self.publication_json())

    @property
    def stores(self) -> Stores:
        return Stores(self.pool, Keyring(self.keys), self.url)

    @property
    def line(self) -> Line:
        return line_of(self.archive, "development", self.distro)

    def publish_json(self, publication: str) -> Snapshot:
        with Path(os.devnull).open("w") as log:
            return publish(
                Publication.model_validate_json(publication),
                pool=self.pool,
                archive=self.archive,
                keys=self.keys,
                url=self.url,
                log=log,
                cache=self.cache,
            )


def add_package(farm: Farm, name: str, version: str, **options: Any) -> None:
    """Build a tiny package of the farm's family, store it and have it published the next time."""
    built = farm.directory / "built"
    if farm.family == "deb":
        files = build_deb(built, name, version, **options)
    else:
        files = build_rpms(built, Rpm(name, version, **options))[name]
        version += "-1.el9"
    farm.packages[name] = store(farm.pool, name, farm.distro, version, files)


@contextmanager
def served(archive: Path, *, reports_token: str = "") -> Iterator[str]:
    """Serve a directory as the farm does, on a free loopback port; its address.

    :param reports_token: of those who report on snapshots; empty: nobody does.
    """
    archive.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER, archive, *filter(None, [reports_token])],
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": CLEAN_PATH, "PYTHONPATH": str(PROJECT)},
    ) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


def run_script(commands: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run lines of shell as somebody would who copied them."""
    script = "set -e\n" + "\n".join(commands) + "\n"
    return run_client(["sh", "-c", script], **environment)


def run_client(argv: Sequence[str | Path], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a client program; its output is one text, its failure no exception."""
    return subprocess.run(
        argv,
        env={"PATH": CLEAN_PATH, "LANG": "C.UTF-8", "HOME": "/nonexistent", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


class AptClient:
    """apt with a state of its own below `root`, where dpkg installs, too."""

    def __init__(self, root: Path, sources: str):
        self.root = root
        for directory in (
            "etc/apt/sources.list.d",
            "etc/apt/apt.conf.d",
            "etc/apt/preferences.d",
            "etc/apt/trusted.gpg.d",
            "var/lib/apt/lists/partial",
            "var/cache/apt/archives/partial",
            "var/lib/dpkg/info",
            "var/lib/dpkg/updates",
            "var/log/apt",
            "tmp",
        ):
            (root / directory).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        (root / "etc/apt/sources.list.d/farm.sources").write_text(sources)
        (root / "apt.conf").write_text(
            f'Dir "{root}";\n'
            f'Dir::State::status "{root}/var/lib/dpkg/status";\n'
            f'DPkg::Options {{ "--root={root}"; "--force-not-root"; "--log={root}/dpkg.log"; }};\n'
            'APT::Architecture "amd64";\n'
            'APT::Sandbox::User "root";\n'
            'APT::Get::Assume-Yes "true";\n'
            'Acquire::Retries "0";\n'
        )

    def apt_get(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run apt-get; a warning of `update` about an index counts as a failure."""
        options = ["-o", "APT::Update::Error-Mode=any", "-o", "DPkg::Use-Pty=false"]
        return run_client(
            ["apt-get", "--quiet", *options, *arguments],
            APT_CONFIG=str(self.root / "apt.conf"),
            TMPDIR=str(self.root / "tmp"),
        )

    def administer(self, commands: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Do on this client what an administrator is told to type on a machine."""
        return run_script(
            [command.replace("/etc/apt/", f"{self.root}/etc/apt/") for command in commands],
            APT_CONFIG=str(self.root / "apt.conf"),
            TMPDIR=str(self.root / "tmp"),
        )

    def version(self, package: str) -> str:
        """Of an installed package; empty when it is not installed."""
        admin = f"--admindir={self.root}/var/lib/dpkg"
        done = run_client(["dpkg-query", admin, "--show", "--showformat=${Version}", package])
        return done.stdout if done.returncode == 0 else ""


class DnfClient:
    """dnf with a root of its own, as Debian's dnf needs it: see `rpmmacros`."""

    def __init__(self, directory: Path, repo: str):
        self.directory = directory
        self.root = directory / "root"
        for name in ("root", "home", "repos", "tmp"):
            (directory / name).mkdir(parents=True)
        (directory / "repos/farm.repo").write_text(repo)
        # Debian's rpm would keep the database in ~/.rpmdb, and dnf would find nothing installed.
        (directory / "home/.rpmmacros").write_text("%_dbpath /var/lib/rpm\n")
        (directory / "dnf.conf").write_text(
            f"[main]\nreposdir={directory}/repos\ncachedir=/var/cache/dnf\n"
            f"persistdir=/var/lib/dnf\nlogdir=/var/log\nretries=1\n"
        )

    def dnf(self, *arguments: str, refresh: bool = True) -> subprocess.CompletedProcess[str]:
        """Run dnf without asking the user; with `refresh`, metadata of earlier calls is old."""
        return self._run([f"dnf --refresh {shlex.join(arguments)}"])

    def administer(self, commands: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Do on this client what an administrator is told to type on a machine."""
        return self._run(commands)

    def _run(self, commands: Sequence[str]) -> subprocess.CompletedProcess[str]:
        options = [
            *("-y", "-c", str(self.directory / "dnf.conf")),
            *("--installroot", str(self.root), "--releasever=9", "--forcearch=x86_64"),
            "--disableplugin=local",
        ]
        dnf = f'dnf() {{ command dnf {shlex.join(options)} "$@"; }}'
        try:
            return run_script(
                [dnf, *commands],
                HOME=str(self.directory / "home"),
                TMPDIR=str(self.directory / "tmp"),
            )
        finally:
            for keys in self.root.glob("var/cache/dnf/*/pubring"):
                run_client(["gpgconf", "--homedir", keys, "--kill", "gpg-agent"])

    def version(self, package: str) -> str:
        """Version and release of an installed package; empty when it is not installed."""
        done = run_client(
            [
                *("rpm", "--root", self.root, "--dbpath", "/var/lib/rpm"),
                *("-q", "--qf", "%{VERSION}-%{RELEASE}", package),
            ]
        )
        return done.stdout if done.returncode == 0 else ""
