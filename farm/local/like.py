"""Building on this machine what the farm built: the same commit, root and packages."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, cast

import requests
from pydantic import BaseModel, ValidationError

from farm.errors import FarmError, InfrastructureError
from farm.job.fetch import fetch_tree
from farm.job.model import BuildResult, Job, JobInput
from farm.job.workspace import Cache, Workspace
from farm.local.build import Say, run_job
from farm.local.results import ENDINGS
from farm.model import Distro
from farm.pool import sha256_of

TIMEOUT_S = (10.0, 120.0)
_BLOCK = 1 << 18
_RUNS = {
    "x86_64": {"amd64", "i386", "x86_64", "i686"},
    "aarch64": {"arm64", "aarch64"},
    "armv7l": {"armhf", "armv7hl"},
    "ppc64le": {"ppc64el", "ppc64le"},
}
"""Machine to the architectures of distros that it runs, in the words of both families."""
_BUILD = re.compile(r"(?:(?P<farm>https?://[^#]*/)#/farm/build/)?(?P<key>[0-9a-f]{6,64})(?:\?.*)?")


class NoSuchBuild(FarmError):
    """What was given does not name a build."""


class OtherMachine(FarmError):
    """This machine cannot run what is to be built."""


class MissingPackages(FarmError):
    """The packages that a build was made with cannot be had here."""


class _File(BaseModel):
    path: str
    sha256: str
    size: int
    built_sha256: str = ""


class _Built(BaseModel):
    key: str
    files: tuple[_File, ...] = ()


class _Manifest(BaseModel):
    """What matters here of an archive's manifest.json."""

    components: tuple[_Built, ...] = ()


@dataclass(frozen=True)
class Wanted:
    """A build of a farm, and where its inputs may be."""

    job: Job
    archives: Mapping[str, list[str]]
    """Key of an input's build, to archives."""


def build_name(text: str) -> tuple[str, str | None]:
    """The key, or its first digits, and the farm's URL where the text is the address of a page.

    :raises NoSuchBuild: it is neither.
    """
    match = _BUILD.fullmatch(text.strip())
    if not match:
        raise NoSuchBuild(
            f"'{text}' names no build: give a build key (its first digits will do; `farm why` and "
            "the farm's pages have it), or the address of the build's page"
        )
    return match["key"], match["farm"]


def wanted_of(answer: Mapping[str, object]) -> Wanted:
    """What a farm answers of a build's job.

    :raises FarmError: it is of another version of the farm.
    """
    try:
        job = Job.model_validate(answer["job"])
    except (KeyError, ValidationError) as error:
        raise FarmError(f"the farm's answer is not a job of this version: {error}") from error
    archives = cast(Mapping[str, list[str]], answer.get("archives") or {})
    return Wanted(job, archives)


def check_machine(distro: Distro, machine: str) -> None:
    """Say at once that a machine cannot make the distro's root.

    :param machine: as the system calls it (``uname -m``).
    :raises OtherMachine: it is of another architecture.
    """
    if distro.architecture not in _RUNS.get(machine, {machine}):
        raise OtherMachine(
            f"{distro.name} is built for {distro.architecture}, which this machine ({machine}) "
            "does not run: use one that does, or push a topic and let the farm build it"
        )


def build_like(
    wanted: Wanted,
    given: Iterable[Path],
    cache: Cache,
    out: Path,
    say: Say,
    *,
    show_log: bool = False,
) -> BuildResult:
    """Do a farm's job on this machine; its files, log and result go to `out`.

    :param given: packages, or directories of packages, that the archives may not have any more.
    :raises MissingPackages: some are neither there nor in an archive.
    :raises BuildFailure: the component does not build.
    :raises InfrastructureError: the repository, an archive or this machine fails.
    """
    cache.root.mkdir(parents=True, exist_ok=True)
    job = wanted.job.model_copy(update={"inputs": tuple(had(wanted, given, cache, say))})
    with tempfile.TemporaryDirectory(prefix="farm-build-", dir=cache.root) as scratch:
        workspace = Workspace(Path(scratch))
        fetch_tree(job, workspace.tree, cache, cast(TextIO, _Said(say)))
        return run_job(job, workspace, cache, out, say, show_log=show_log)[0]


def had(wanted: Wanted, given: Iterable[Path], cache: Cache, say: Say) -> Iterator[JobInput]:
    """Have every input in the cache; as the archive has it where signing changed it.

    :raises MissingPackages: some cannot be had; the message names all of them.
    """
    ending = ENDINGS[wanted.job.distro.family]
    paths = (
        p for place in given for p in (place.glob(f"*{ending}") if place.is_dir() else [place])
    )
    here = {sha256_of(path): path for path in paths}
    archives = _Archives()
    found: list[JobInput] = []
    missing: list[str] = []
    for package in wanted.job.inputs:
        kept = cache.package(package)
        if kept.is_file() and sha256_of(kept) == package.sha256:
            found.append(package)
        elif package.sha256 in here:
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(here[package.sha256], kept)
            found.append(package)
        elif (one := archives.fetch(package, wanted.archives.get(package.key, ()), cache)) is None:
            missing.append(f"{package.filename} (of build {package.key[:12]})")
        else:
            found.append(one)
    if missing:
        raise MissingPackages(
            "no archive has these packages any more, with which the farm built it: "
            f"{', '.join(missing)}; `farm build --like` makes them from their builds, and --with "
            "names the directory they are in"
        )
    say(f"{len(found)} packages that it is built with are here")
    yield from found


class _Archives:
    """Archives of the farm, of which each is asked once."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._built: dict[str, dict[str, tuple[_File, ...]]] = {}

    def fetch(self, package: JobInput, urls: Iterable[str], cache: Cache) -> JobInput | None:
        """Bring a package from the first archive that has it; None where none has."""
        for url in urls:
            for file in self._files(url).get(package.key, ()):
                if package.sha256 in (file.sha256, file.built_sha256):
                    as_there = package.model_copy(update={"sha256": file.sha256, "size": file.size})
                    self._download(url + file.path, as_there, cache.package(as_there))
                    return as_there
        return None

    def _files(self, url: str) -> dict[str, tuple[_File, ...]]:
        if url not in self._built:
            try:
                answer = self._session.get(f"{url}manifest.json", timeout=TIMEOUT_S)
                gone = answer.status_code == requests.codes.not_found
                if not gone:
                    answer.raise_for_status()
                manifest = _Manifest() if gone else _Manifest.model_validate_json(answer.content)
            except (requests.RequestException, ValidationError) as error:
                raise InfrastructureError(f"the archive at {url}: {error}") from error
            self._built[url] = {one.key: one.files for one in manifest.components}
        return self._built[url]

    def _download(self, url: str, package: JobInput, into: Path) -> None:
        if into.is_file() and sha256_of(into) == package.sha256:
            return
        into.parent.mkdir(parents=True, exist_ok=True)
        part = into.with_name(f".{into.name}.part")
        digest = hashlib.sha256()
        try:
            with self._session.get(url, timeout=TIMEOUT_S, stream=True) as answer:
                answer.raise_for_status()
                with part.open("wb") as file:
                    for block in answer.iter_content(_BLOCK):
                        digest.update(block)
                        file.write(block)
            if digest.hexdigest() != package.sha256:
                raise InfrastructureError(f"{url} is not the package of the manifest")
            part.replace(into)
        except requests.RequestException as error:
            raise InfrastructureError(f"{url}: {error}") from error
        finally:
            part.unlink(missing_ok=True)


class _Said:
    """A stream of lines for who takes lines."""

    def __init__(self, say: Say):
        self._say = say

    def write(self, text: str) -> int:
        """Say a line."""
        self._say(text.rstrip("\n"))
        return len(text)
