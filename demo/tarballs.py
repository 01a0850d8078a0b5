"""Upstream tarballs out of Debian's source packages, by apt, without touching the host's apt.

Each suite gets a private apt state below the cache, which is thrown away once its tarballs are
here. The mirror and everything about reaching it (proxy, credentials) come from the host's own apt
configuration. apt verifies the suite's signature and gives the checksums.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import platform
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from demo.errors import DemoError
from farm.build.deb.mirrors import host_targets, sources_of_host
from farm.build.deb.private_apt import make_private_apt
from farm.errors import CommandError
from farm.model import Root
from farm.run import run

DEBIAN_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
FETCH_TIMEOUT_S = 600

_SETTINGS = {
    "Acquire::Check-Valid-Until": "false",
    "Acquire::GzipIndexes": "true",
    "Acquire::Retries": "2",
    "Acquire::http::Timeout": "20",
    "Acquire::https::Timeout": "20",
}

Say = Callable[[str], None]

_PRINTED_URI = re.compile(r"^'(?P<uri>[^']+)' (?P<name>\S+) \d+ SHA256:(?P<sha256>[0-9a-f]{64})$")
_ORIG = re.compile(r"^(?P<source>[a-z0-9][a-z0-9.+-]*)_(?P<version>[^_/]+)\.orig\.tar\.[a-z0-9]+$")


@dataclass(frozen=True)
class Tarball:
    """One upstream release as a Debian suite carries it."""

    source: str
    suite: str
    version: str
    """Upstream's version in Debian's order: a ``~`` sorts before nothing."""
    filename: str
    sha256: str


def upstream_version(filename: str) -> str:
    """Upstream's own version in the name of an orig tarball, Debian's repack marks removed.

    >>> upstream_version("libtheora_1.1.1+dfsg.1.orig.tar.gz")
    '1.1.1'
    """
    match = _ORIG.match(filename)
    if match is None:
        raise ValueError(f"{filename} is not the name of an orig tarball")
    version = re.sub(r"^.*really", "", match["version"])
    return re.sub(r"[.+](dfsg|ds)[0-9.]*$", "", version)


def parse_print_uris(text: str, suite: str) -> Tarball | None:
    """The orig tarball in the output of ``apt-get source --print-uris``, if it names one."""
    for line in text.splitlines():
        uri = _PRINTED_URI.match(line)
        name = _ORIG.match(uri["name"]) if uri else None
        if uri and name:
            return Tarball(
                source=name["source"],
                suite=suite,
                version=upstream_version(uri["name"]),
                filename=uri["name"],
                sha256=uri["sha256"],
            )
    return None


def find_mirror(suite: str) -> str:
    """The mirror that this machine's apt would take a Debian suite from.

    :raises DemoError: there is none.
    """
    codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    lines = sources_of_host(Root.model_validate({"suite": suite}), host_targets(), codename)
    for _, uri, release, *_ in (line.split() for line in lines):
        if release == suite:
            return uri
    raise DemoError(
        "no Debian mirror in this machine's apt configuration",
        "Configure one in /etc/apt/sources.list.d/, run apt-get update, then make demo again.",
    )


class TarballCache:
    """Verified tarballs on this machine, one directory per suite."""

    def __init__(self, directory: Path, mirror: Callable[[str], str], say: Say):
        self._directory = directory
        self._mirror = mirror
        self._say = say

    def path(self, tarball: Tarball) -> Path:
        """Where that tarball lies."""
        return self._directory / "tarballs" / tarball.suite / tarball.filename

    def fetch(self, suite: str, sources: Iterable[str]) -> list[Tarball]:
        """The tarballs of these source packages in `suite`, those that the mirror has.

        Without network once they are here.

        :raises CommandError: the suite cannot be reached.
        """
        wanted = sorted(set(sources))
        record = self._directory / "tarballs" / f"{suite}.json"
        known = self._recorded(record)
        if known is not None and set(wanted) <= known[0]:
            return [t for t in known[1] if t.source in wanted]
        state = self._directory / "apt" / suite
        try:
            options = self._open_suite(state, suite)
            found = [t for t in (self._fetch_one(options, suite, s) for s in wanted) if t]
        finally:
            shutil.rmtree(state, ignore_errors=True)
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(
            json.dumps({"asked": wanted, "found": [asdict(t) for t in found]}, indent=1),
            encoding="utf-8",
        )
        return found

    def _recorded(self, record: Path) -> tuple[set[str], list[Tarball]] | None:
        """What an earlier run asked for and found, unless a file of it is gone or damaged."""
        try:
            data = json.loads(record.read_text(encoding="utf-8"))
            found = [Tarball(**entry) for entry in data["found"]]
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return (set(data["asked"]), found) if all(map(self._intact, found)) else None

    def _intact(self, tarball: Tarball) -> bool:
        try:
            with self.path(tarball).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == tarball.sha256
        except FileNotFoundError:
            return False

    def _open_suite(self, state: Path, suite: str) -> list[str]:
        """Fetch the suite's source index into a private state; return apt's options for it."""
        shutil.rmtree(state, ignore_errors=True)
        state.mkdir(parents=True)
        (state / "sources.list").write_text(
            f"deb-src [signed-by={DEBIAN_KEYRING}] {self._mirror(suite)} {suite} main\n", "utf-8"
        )
        settings = {"APT::Sandbox::User": getpass.getuser(), **_SETTINGS}
        configuration = make_private_apt(state, "sources.list", settings)
        options = ["-c", str(configuration)]
        run(
            f"fetch the source index of {suite}",
            ["apt-get", *options, "-q", "--error-on=any", "update"],
            timeout_s=FETCH_TIMEOUT_S,
        )
        return options

    def _fetch_one(self, options: list[str], suite: str, source: str) -> Tarball | None:
        command = ["apt-get", *options, "source", "--tar-only", "--only-source", "-qq"]
        try:
            printed = run(f"look up {source} in {suite}", [*command, "--print-uris", source])
        except CommandError:
            printed = ""  # the suite has no such package
        tarball = parse_print_uris(printed, suite)
        if tarball is None or self._intact(tarball):
            return tarball
        place = self.path(tarball).parent
        place.mkdir(parents=True, exist_ok=True)
        try:
            run(
                f"download {tarball.filename}",
                [*command, "--download-only", source],
                cwd=place,
                timeout_s=FETCH_TIMEOUT_S,
            )
        except CommandError as error:
            status = re.search(r"\b[45]\d\d  [A-Z][A-Za-z ]+", error.output)
            reason = status[0].strip() if status else error.output.strip()
            self._say(f"{suite}: {tarball.filename} is left out: {reason}")
            return None
        return tarball if self._intact(tarball) else None
