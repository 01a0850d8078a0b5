"""What an RPM distribution offers: its repositories' metadata, as libsolv reads it."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TextIO
from urllib.parse import unquote, urlsplit

import createrepo_c

from farm.build.rpm.dnf import expanded_url
from farm.errors import FarmError
from farm.model import Distro
from farm.pool import sha256_of
from repo_publish.checks import check_file
from repo_publish.files import place
from repo_publish.gate.indices import Indices, current_indices
from repo_publish.gate.libsolv import Universe
from repo_publish.yum import read_repomd

FETCH_TIMEOUT_S = 60
_BLOCK = 1 << 20
_METADATA = ("primary", "filelists")


def rpm_background(
    distro: Distro, cache: Path, work: Path, log: TextIO
) -> tuple[list[Path], Indices]:
    """A .solv file for each repository of the distro, in `work`; and of when they are.

    :raises InfrastructureError: a repository cannot be read and never was.
    """
    urls = {
        name: expanded_url(url, distro.architecture).rstrip("/")
        for name, url in sorted(distro.root.repositories.items())
    }
    said = "\n".join(f"{name} {url}" for name, url in urls.items())
    with current_indices(
        distro, cache, said, lambda there: _fetch(urls, distro.architecture, there), log
    ) as (
        there,
        indices,
    ):
        files = [work / f"{name}.solv" for name in urls]
        for file in files:
            place(there / file.name, file)
    return files, indices


def _fetch(urls: dict[str, str], architecture: str, there: Path) -> str:
    """Bring all repositories up to date, or none."""
    fresh = there / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    digests = []
    for name, url in urls.items():
        repodata = fresh / name / "repodata"
        repodata.mkdir(parents=True)
        _download(f"{url}/repodata/repomd.xml", repodata / "repomd.xml")
        digests.append(sha256_of(repodata / "repomd.xml"))
    digest = hashlib.sha256("\n".join(digests).encode()).hexdigest()
    stamp = there / "repositories"
    made = [there / f"{name}.solv" for name in urls]
    if not all(file.exists() for file in made) or _text(stamp) != digest:
        for name, url in urls.items():
            files = _fetch_metadata(url, fresh / name)
            universe = Universe(architecture)
            universe.add_metadata(*files)
            universe.write_solv(fresh / f"{name}.solv")
        stamp.unlink(missing_ok=True)
        for file in made:
            (fresh / file.name).replace(file)
        stamp.write_text(digest)
    shutil.rmtree(fresh)
    return digest


def _fetch_metadata(url: str, repository: Path) -> list[Path]:
    """Download a repository's metadata; its files, uncompressed, in the order of `_METADATA`."""
    records = {record.type: record for record in read_repomd(repository).records}
    plain = []
    for kind in _METADATA:
        if kind not in records:
            raise FarmError(f"{url}: there is no {kind} metadata")
        record = records[kind]
        path = repository / record.location_href
        if path.parent != repository / "repodata" or record.checksum_type != "sha256":
            raise FarmError(f"{url}: unusual {kind} metadata: {record.location_href!r}")
        _download(f"{url}/{record.location_href}", path)
        check_file(repository, record.location_href, record.checksum, record.size)
        plain.append(repository / f"{kind}.xml")
        createrepo_c.decompress_file(str(path), str(plain[-1]), createrepo_c.UNKNOWN_COMPRESSION)
    return plain


def _download(address: str, path: Path) -> None:
    import requests  # takes a quarter of the time of starting `farm archive publish`

    parts = urlsplit(address)
    try:
        if parts.scheme == "file":
            shutil.copyfile(unquote(parts.path), path)
            return
        with requests.get(address, timeout=FETCH_TIMEOUT_S, stream=True) as answer:
            answer.raise_for_status()
            with path.open("wb") as file:
                for block in answer.iter_content(_BLOCK):
                    file.write(block)
    except (OSError, requests.RequestException) as error:
        raise FarmError(f"{address} cannot be read: {error}") from error


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
