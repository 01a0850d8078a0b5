"""What the embedded web server shows of an archive, and how."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.web.resource import getChildForRequest
from twisted.web.server import NOT_DONE_YET, Site
from twisted.web.static import DirectoryLister
from twisted.web.test.requesthelper import DummyRequest

from repo_publish.serve import archive_site, cache_control, content_type


@pytest.fixture
def site(tmp_path: Path) -> Site:
    archive = tmp_path / "archive"
    tree = archive / "snapshots/development/bookworm/1"
    (tree / "dists").mkdir(parents=True)
    (tree / "dists/InRelease").write_text("signed")
    (archive / ".state").mkdir()
    (archive / ".state/secret").write_text("secret")
    (archive / "development").mkdir()
    (archive / "development/bookworm").symlink_to("../snapshots/development/bookworm/1")
    (tmp_path / "outside").write_text("outside")
    (archive / "leak").symlink_to("../outside")
    (archive / "hidden").symlink_to(".state/secret")
    return archive_site(archive)


def get(site: Site, path: str) -> DummyRequest:
    request = DummyRequest([part.encode() for part in path.split("/")[1:]])
    request.uri = path.encode()
    resource = getChildForRequest(site.resource, request)
    body = resource.render(request)
    if body is not NOT_DONE_YET:
        request.write(body)
    return request


def test_files_are_found_through_the_live_link(site: Site) -> None:
    answer = get(site, "/development/bookworm/dists/InRelease")

    assert b"".join(answer.written) == b"signed"
    assert answer.responseHeaders.getRawHeaders(b"content-type") == [b"text/plain; charset=utf-8"]
    assert answer.responseHeaders.getRawHeaders(b"cache-control") == [b"no-cache"]


def test_a_file_is_served_from_the_snapshot_it_was_found_in(site: Site) -> None:
    request = DummyRequest([b"development", b"bookworm", b"dists", b"InRelease"])

    found = getChildForRequest(site.resource, request)

    assert "/snapshots/development/bookworm/1/" in found.path


@pytest.mark.parametrize(
    "path", ["/.state/secret", "/.state/", "/leak", "/hidden", "/../outside", "/nothing"]
)
def test_what_is_hidden_or_outside_does_not_exist(path: str, site: Site) -> None:
    assert get(site, path).responseCode == 404


def test_directories_are_listed_without_what_is_hidden(site: Site) -> None:
    listing = getChildForRequest(site.resource, DummyRequest([b""]))

    assert isinstance(listing, DirectoryLister)
    assert sorted(listing.dirs) == ["development", "snapshots"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a_1.0_all.deb", "application/vnd.debian.binary-package"),
        ("a-1.0-1.noarch.rpm", "application/x-rpm"),
        ("Packages.gz", "application/gzip"),
        ("Packages", "text/plain; charset=utf-8"),
        ("repomd.xml", "application/xml"),
        ("farm.repo", "text/plain; charset=utf-8"),
        ("0123abcd", "application/octet-stream"),
    ],
)
def test_types_are_those_of_the_files_themselves(name: str, expected: str) -> None:
    assert content_type(name) == expected


@pytest.mark.parametrize(
    ("path", "for_ever"),
    [
        ("development/bookworm/pool/main/a/a/a_1.0_all.deb", True),
        (f"development/bookworm/dists/bookworm/main/source/by-hash/SHA256/{'0' * 64}", True),
        ("development/bookworm/logs/app_0123456789abcdef.log", True),
        ("pool/bookworm/dists/bookworm/InRelease", False),
        ("pool/main/dists/main/InRelease", False),
        ("by-hash/sha256/index.html", False),
        ("snapshots/development/el9/3/Packages/a/a-1-1.noarch.rpm", True),
        (f"development/el9/repodata/{'a' * 64}-primary.xml.gz", True),
        ("development/el9/repodata/repomd.xml", False),
        ("development/bookworm/dists/bookworm/InRelease", False),
        ("development/bookworm/dists/bookworm/main/source/Sources.gz", False),
        ("development/el9/mirrorlist", False),
    ],
)
def test_only_names_that_never_change_are_cached(path: str, for_ever: bool) -> None:
    assert (b"immutable" in cache_control(path)) is for_ever
