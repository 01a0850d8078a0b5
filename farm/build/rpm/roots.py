"""The clean root of an rpm distro: what dnf installs from its repositories, made once."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from urllib.parse import unquote, urlsplit

import requests

from farm.build.bubblewrap import BUILDER, settle
from farm.build.rpm.dnf import RPM_MACROS, Dnf, configuration_text, expanded_url
from farm.build.rpm.rpmbuild import HOME, MACROS
from farm.build.rpm.scratch import scratch_directory
from farm.build.stream import follow
from farm.errors import CommandError, InfrastructureError
from farm.model import Distro
from farm.run import run

FORMAT = "1"
"""Counts changes of what is done to a root after it is installed."""

FETCH_TIMEOUT_S = 60
KEPT_UNUSED_S = 3 * 24 * 3600
_IDENTITY = "identity"

DEVICES = {
    "null": (1, 3),
    "zero": (1, 5),
    "full": (1, 7),
    "random": (1, 8),
    "urandom": (1, 9),
    "tty": (5, 0),
}
"""What scriptlets find in /dev while the root is made; builds get a /dev of their own."""

_INSTALLED_FORMAT = "%{NEVRA} %{SHA256HEADER}\\n"

# A root's scriptlets may start processes and need /proc; both end with dnf.
_IN_NAMESPACES = (
    *("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork"),
    *("--kill-child=KILL", "--propagation", "private"),
    *("sh", "-c", 'mount -t proc proc "$1/proc" && shift && exec "$@"', "dnf"),
)


@dataclass(frozen=True)
class RpmRoot:
    """A root in the cache, for reading only."""

    place: Path
    """Its directory in the cache; what is derived from the root is kept there too."""
    key: str
    """Digest of what it was made from: the configuration, and the state of the repositories."""
    identity: str
    """Digest of the packages in it: many states of the repositories give the same root."""
    dnf: Dnf

    @property
    def path(self) -> Path:
        """The root itself."""
        return self.place / "root"


def root_key(configuration: str, distro: Distro, indexes: Mapping[str, str]) -> str:
    """Digest of everything that decides what is in a root.

    :param indexes: repository name to the digest of its repomd.xml.
    """
    said = [FORMAT, configuration, MACROS, distro.root.group, *distro.root.include]
    said += [f"{name}={digest}" for name, digest in sorted(indexes.items())]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()[:32]


def installed_identity(listing: str) -> str:
    """The identity of a root with these installed packages, in any order.

    Signing keys are left out: they say where packages came from, not what they are.
    """
    lines = sorted(x for x in listing.splitlines() if x and not x.startswith("gpg-pubkey-"))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@contextlib.contextmanager
def root_in_use(distro: Distro, cache: Path, log: TextIO) -> Iterator[RpmRoot]:
    """The root of a distro as its repositories are now; made when the cache has none.

    It is not removed from the cache while the `with` block lasts.

    :raises InfrastructureError: a repository or the disk fails.
    """
    home, roots = cache / "rpm/home", cache / "rpm/roots"
    for directory in (home, roots):
        directory.mkdir(parents=True, exist_ok=True)
    _write_once(home / ".rpmmacros", RPM_MACROS)
    configuration = configuration_text(distro.root.repositories, distro.architecture)
    indexes = {n: _index_digest(u, distro) for n, u in distro.root.repositories.items()}
    key = root_key(configuration, distro, indexes)
    settings = home / f"{key}.conf"
    _write_once(settings, configuration)
    dnf = Dnf(settings, home, cache / "rpm/dnf")
    place = roots / key
    with _lock_file(roots, key).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        while not (place / _IDENTITY).exists():
            # Not held in between: somebody else may have made, or removed, the root.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (place / _IDENTITY).exists():
                _forget_unused(roots)
                _make(place, distro, dnf, log)
            fcntl.flock(lock, fcntl.LOCK_SH)
        os.utime(place / _IDENTITY)
        yield RpmRoot(place, key, (place / _IDENTITY).read_text(), dnf)


def _forget_unused(roots: Path) -> None:
    """Remove roots that no build has used for a while: each state of a distro leaves one."""
    for identity in roots.glob(f"*/{_IDENTITY}"):
        if time.time() - identity.stat().st_mtime < KEPT_UNUSED_S:
            continue
        with (
            _lock_file(roots, identity.parent.name).open("w") as lock,
            contextlib.suppress(BlockingIOError),
        ):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            identity.unlink()
            shutil.rmtree(identity.parent, ignore_errors=True)


def _lock_file(roots: Path, key: str) -> Path:
    # Never removed: who waits for it would hold a lock that nobody else sees.
    return roots / f"{key}.lock"


def _make(place: Path, distro: Distro, dnf: Dnf, log: TextIO) -> None:
    log.write(f"making the root of {distro.name}\n")
    log.flush()
    shutil.rmtree(place, ignore_errors=True)
    with scratch_directory(place.parent) as scratch:
        root = scratch / "root"
        for name in ("dev", "proc", "sys"):
            (root / name).mkdir(parents=True)
        for name, (major, minor) in DEVICES.items():
            device = root / "dev" / name
            os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(major, minor))
            device.chmod(0o666)
        wanted = (f"@{distro.root.group}", *distro.root.include)
        install = dnf.argv(root, "install", "--", *wanted)
        _run_dnf(
            f"make the root of {distro.name}", [*_IN_NAMESPACES, str(root), *install], dnf, log
        )
        listing = run(
            "list the root's packages",
            ["rpm", f"--root={root}", "-qa", "--queryformat", _INSTALLED_FORMAT],
            env=dnf.environment,
        )
        for trace in (*root.glob("var/log/dnf*"), *root.glob("var/log/hawkey.log")):
            trace.unlink()
        _remove_unowned(root, dnf)
        settle(root)
        home = root / HOME.lstrip("/")
        home.mkdir()
        (home / ".rpmmacros").write_text(MACROS)
        os.chown(home, BUILDER.uid, BUILDER.gid)
        root.chmod(0o755)
        (scratch / _IDENTITY).write_text(installed_identity(listing))
        scratch.rename(place)


def _run_dnf(what: str, argv: list[str], dnf: Dnf, log: TextIO) -> None:
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dnf.environment,
    )
    try:
        said = follow(process, "dnf", log.write, None)
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.returncode:
        raise InfrastructureError(str(CommandError(what, argv, process.returncode, said)))


def _remove_unowned(root: Path, dnf: Dnf) -> None:
    """Remove what dnf leaves in a root where its cache is on the machine."""
    parts = dnf.cache.absolute().parts
    for path in (str(Path(*parts[:end])) for end in range(2, len(parts) + 1)):
        try:
            argv = ["rpm", f"--root={root}", "--query", "--file", path]
            run("find a directory's owner", argv, env=dnf.environment)
        except CommandError:
            shutil.rmtree(root / path.lstrip("/"), ignore_errors=True)
            return


def _index_digest(url: str, distro: Distro) -> str:
    base = expanded_url(url, distro.architecture).rstrip("/")
    address = f"{base}/repodata/repomd.xml"
    parts = urlsplit(address)
    try:
        if parts.scheme == "file":
            content = Path(unquote(parts.path)).read_bytes()
        else:
            answer = requests.get(address, timeout=FETCH_TIMEOUT_S)
            answer.raise_for_status()
            content = answer.content
    except (OSError, requests.RequestException) as error:
        raise InfrastructureError(f"no repository at {base}: {error}") from error
    return hashlib.sha256(content).hexdigest()


def _write_once(path: Path, text: str) -> None:
    if path.is_file() and path.read_text() == text:
        return
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(text)
    scratch.replace(path)
