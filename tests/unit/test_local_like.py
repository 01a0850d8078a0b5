"""What `farm build --like` needs: the build's name, and the packages that it was made with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from farm.errors import FarmError, InfrastructureError
from farm.job.model import JobInput
from farm.job.workspace import Cache
from farm.local.like import (
    MissingPackages,
    NoSuchBuild,
    OtherMachine,
    Wanted,
    build_name,
    check_machine,
    had,
    wanted_of,
)
from farm.model import Component
from tests.http_server import serving
from tests.jobs import DEB, job, package

KEY = "b" * 64
CONTENT = b"a package"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("3f2a9c01", ("3f2a9c01", None)),
        (f" {KEY} ", (KEY, None)),
        (
            "https://f.example.org/#/farm/build/3f2a9c01?line=7",
            ("3f2a9c01", "https://f.example.org/"),
        ),
        ("http://h:8010/farm/#/farm/build/3f2a9c", ("3f2a9c", "http://h:8010/farm/")),
    ],
)
def test_a_build_is_named_by_its_key_or_its_page(text: str, name: tuple[str, str | None]) -> None:
    assert build_name(text) == name


@pytest.mark.parametrize(
    "text", ["", "libogg", "3f2a", "https://f.example.org/#/builders/3", "../x"]
)
def test_anything_else_names_no_build(text: str) -> None:
    with pytest.raises(NoSuchBuild, match="names no build"):
        build_name(text)


def test_an_answer_of_another_version_is_said_to_be() -> None:
    with pytest.raises(FarmError, match="not a job of this version"):
        wanted_of({"job": {"key": KEY}})


@pytest.mark.parametrize(("architecture", "machine"), [("amd64", "x86_64"), ("riscv64", "riscv64")])
def test_a_machine_builds_for_what_it_runs(architecture: str, machine: str) -> None:
    check_machine(DEB.model_copy(update={"architecture": architecture}), machine)


def test_a_distro_of_another_architecture_is_refused_at_once() -> None:
    with pytest.raises(OtherMachine, match="built for arm64, which this machine"):
        check_machine(DEB.model_copy(update={"architecture": "arm64"}), "x86_64")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A directory, and where it is served."""
    folder = tmp_path / "archive"
    folder.mkdir()
    with serving(partial(Quiet, directory=str(folder))) as url:
        yield folder, f"{url}/"


def publish(folder: Path, content: bytes = CONTENT, **fields: object) -> None:
    """An archive with one package of the build `KEY`."""
    (folder / "pool").mkdir()
    (folder / "pool/tiny.deb").write_bytes(content)
    file = {"path": "pool/tiny.deb", "sha256": DIGEST, "size": len(content), **fields}
    built = {"component": "tiny", "key": KEY, "version": "1", "files": [file]}
    (folder / "manifest.json").write_text(json.dumps({"layout": 3, "components": [built]}))


def wanted(*archives: str, sha256: str = DIGEST) -> Wanted:
    component = Component(name="app", git="https://host/app.git")
    one = package("tiny", key=KEY, sha256=sha256, size=len(CONTENT))
    return Wanted(job(component, "1" * 40, inputs=(one,)), {KEY: list(archives)})


def fetched(one: Wanted, tmp_path: Path, *given: Path) -> tuple[JobInput, Cache]:
    cache = Cache(tmp_path / "cache")
    (found,) = had(one, given, cache, lambda _line: None)
    return found, cache


def test_packages_come_from_the_first_archive_that_has_them(
    archive: tuple[Path, str], tmp_path: Path
) -> None:
    folder, url = archive
    publish(folder)
    found, cache = fetched(wanted(f"{url}gone/", url), tmp_path)
    assert cache.package(found).read_bytes() == CONTENT
    (folder / "manifest.json").unlink()
    assert fetched(wanted(url), tmp_path)[0] == found, "what is here is not asked for again"


def test_a_package_that_signing_changed_is_taken_as_it_was_published(
    archive: tuple[Path, str], tmp_path: Path
) -> None:
    folder, url = archive
    publish(folder, built_sha256="c" * 64)
    found, cache = fetched(wanted(url, sha256="c" * 64), tmp_path)
    assert (found.sha256, cache.package(found).read_bytes()) == (DIGEST, CONTENT)


def test_a_package_is_what_the_manifest_says_or_not_taken(
    archive: tuple[Path, str], tmp_path: Path
) -> None:
    folder, url = archive
    publish(folder, b"something else")
    with pytest.raises(InfrastructureError, match="is not the package of the manifest"):
        fetched(wanted(url), tmp_path)


@pytest.mark.parametrize("name", ["", "any-name.deb"])
def test_what_no_archive_has_may_be_given(name: str, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (given / "any-name.deb").write_bytes(CONTENT)
    found, cache = fetched(wanted(), tmp_path, given / name)
    assert cache.package(found).read_bytes() == CONTENT


def test_what_is_missing_is_named_with_its_build(tmp_path: Path) -> None:
    with pytest.raises(MissingPackages, match=r"tiny_1.0-1_amd64.deb \(of build bbbbbbbbbbbb\)"):
        fetched(wanted(), tmp_path)
