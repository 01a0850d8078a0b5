"""What a Debian suite offers, as far as the farm's packages lead to it."""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from farm.build.deb.mirrors import network_environment, sources_for
from farm.model import Distro
from farm.pool import sha256_of
from farm.run import clean_environment, run
from repo_publish.gate.closure import Fields, closure, newest, provided_names
from repo_publish.gate.indices import Indices, current_indices

FETCH_TIMEOUT_S = 600
ALWAYS = "build-essential"
"""What every build has without asking for it (Policy 4.2)."""

_DEBIAN_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_CLOSURE = "closure.json"
_NAMES = "names"
"""Every name that the suite knows."""


def deb_background(
    distro: Distro, names: Iterable[str], cache: Path, log: TextIO
) -> tuple[list[Fields], Indices]:
    """The newest of each of the suite's packages that `names` lead to; and of when that is.

    :param names: what the farm's packages need.
    :raises InfrastructureError: the mirror cannot be read and never was.
    """
    sources = sources_for(distro)
    said = "\n".join([*sources, distro.root.keyring or ""])
    with current_indices(
        distro, cache, said, lambda place: _fetch(distro, sources, place), log
    ) as (place, indices):
        return _reduced(distro, place, indices, {*names, ALWAYS}), indices


def apt_configuration(distro: Distro, place: Path) -> str:
    """apt with a state of its own, for fetching indices and nothing else."""
    keys = distro.root.keyring or (str(_DEBIAN_KEYS) if _DEBIAN_KEYS.exists() else "")
    trusted = f'Dir::Etc::trusted "{keys}";\n' if keys else ""
    parts = "/nonexistent" if distro.root.keyring else "/etc/apt/trusted.gpg.d"
    return (
        f'Dir::State "{place}/state";\n'
        f'Dir::State::status "{place}/status";\n'
        f'Dir::Cache "{place}/cache";\n'
        'Dir::Cache::pkgcache "";\n'
        'Dir::Cache::srcpkgcache "";\n'
        f'Dir::Etc::sourcelist "{place}/sources.list";\n'
        'Dir::Etc::sourceparts "/nonexistent";\n'
        'Dir::Etc::parts "/nonexistent";\n'
        'Dir::Etc::preferencesparts "/nonexistent";\n'
        f'Dir::Etc::trustedparts "{parts}";\n'
        f"{trusted}"
        f'APT::Architecture "{distro.architecture}";\n'
        f'APT::Architectures {{ "{distro.architecture}"; }};\n'
        'APT::Sandbox::User "root";\n'
        'APT::Update::Error-Mode "any";\n'
        'Acquire::Languages "none";\n'
        'Acquire::GzipIndexes "false";\n'
        'Acquire::Retries "3";\n'
        'Acquire::http::Timeout "60";\n'
    )


def _fetch(distro: Distro, sources: Iterable[str], place: Path) -> str:
    for directory in ("state/lists/partial", "cache"):
        (place / directory).mkdir(parents=True, exist_ok=True)
    (place / "status").touch()
    (place / "sources.list").write_text("".join(f"{line}\n" for line in sources))
    _apt_get(distro, place, "update")
    files = packages_files(distro, place)
    return hashlib.sha256("\n".join(sha256_of(path) for path in files).encode()).hexdigest()


def packages_files(distro: Distro, place: Path) -> list[Path]:
    """The suite's indices as they were fetched to a place of the cache."""
    listed = _apt_get(
        distro, place, "indextargets", "--format", "$(FILENAME)", "Created-By: Packages"
    )
    files = sorted(Path(line) for line in listed.splitlines())
    if not files:
        raise FileNotFoundError(errno.ENOENT, "there is no index", str(place))
    return files


def _apt_get(distro: Distro, place: Path, *arguments: str) -> str:
    configuration = place / "apt.conf"
    # Written each time: the cache may have been moved.
    configuration.write_text(apt_configuration(distro, place))
    return run(
        f"read the indices of {distro.name}",
        ["apt-get", "-qq", *arguments],
        env=clean_environment(APT_CONFIG=str(configuration), **network_environment()),
        timeout_s=FETCH_TIMEOUT_S,
    )


def _reduced(distro: Distro, place: Path, indices: Indices, names: set[str]) -> list[Fields]:
    """The packages that `names` lead to; remembered until the indices change or a name is new."""
    kept = _kept_closure(place / _CLOSURE, indices.digest)
    if kept is not None:
        strange = names - kept[0]
        if not strange or strange.isdisjoint((place / _NAMES).read_text().split()):
            return kept[1]
        names = names | kept[0]
    packages = newest(packages_files(distro, place))
    found, reduced = closure(packages, names)
    known = {*packages, *(name for fields in packages.values() for name in provided_names(fields))}
    _write(place / _NAMES, "\n".join(sorted(known)))
    said = {"indices": indices.digest, "names": sorted(found), "packages": reduced}
    _write(place / _CLOSURE, json.dumps(said))
    return reduced


def _kept_closure(path: Path, digest: str) -> tuple[set[str], list[Fields]] | None:
    try:
        said = json.loads(path.read_text())
        return (set(said["names"]), said["packages"]) if said["indices"] == digest else None
    except (FileNotFoundError, ValueError, KeyError):
        return None


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)
