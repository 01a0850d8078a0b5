"""The shipped nginx configuration, and that the embedded server answers the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

import pytest
import requests

from tests.archive_clients import AptClient, DnfClient, Farm, add_package, served
from tests.web_servers import nginx

pytestmark = pytest.mark.real

TOKEN = "of-a-test"  # noqa: S105
FOR_A_YEAR = "public, max-age=31536000, immutable"


@dataclass
class Served:
    """One archive with a line of each family, behind both servers."""

    deb: Farm
    rpm: Farm
    nginx: str
    embedded: str

    @property
    def archive(self) -> Path:
        return self.deb.archive


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    directory = tmp_path_factory.mktemp("served")
    deb, rpm = Farm(directory / "deb", "deb"), Farm(directory / "rpm", "rpm")
    deb.archive.mkdir(parents=True)
    rpm.directory.mkdir()
    rpm.archive.symlink_to(deb.archive)
    with (
        served(deb.archive, reports_token=TOKEN) as embedded,
        nginx(deb.archive, directory / "nginx", embedded) as front,
    ):
        for farm in (deb, rpm):
            farm.url = front
            add_package(farm, "liblib", "1.0")
            add_package(farm, "app", "2.0")
            farm.publish()
        yield Served(deb, rpm, front, embedded)


def get(url: str, **headers: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, headers=headers, timeout=20, allow_redirects=False)


def paths(archive: Path) -> list[str]:
    """Every file that clients see, through the live links too."""
    lines = [archive / "development/bookworm", archive / "development/el9"]
    trees = [archive / "snapshots", *lines]
    found = [path for tree in trees for path in tree.rglob("*") if path.is_file()]
    return sorted(path.relative_to(archive).as_posix() for path in found)


def test_both_servers_say_the_same_of_every_file(site: Served) -> None:
    names = ("Content-Type", "Cache-Control", "Content-Length")
    for path in paths(site.archive):
        one, other = (get(f"{url}/{path}") for url in (site.nginx, site.embedded))

        assert (one.status_code, other.status_code) == (200, 200), path
        assert one.content == other.content, path
        assert "Content-Encoding" not in one.headers or path.endswith(".html")
        for name in names:
            if name in one.headers:
                assert one.headers[name] == other.headers[name], f"{name} of {path}"


def test_what_never_changes_is_cached_for_a_year_and_nothing_else(site: Served) -> None:
    unique = {
        path
        for path in paths(site.archive)
        if path.endswith((".deb", ".dsc", ".rpm", ".tar.xz"))
        or "/by-hash/" in path
        or ("/repodata/" in path and "-" in Path(path).name)
    }
    assert any("/by-hash/" in path for path in unique)
    assert any("/repodata/" in path for path in unique)

    said = {
        path: get(f"{site.nginx}/{path}").headers["Cache-Control"] for path in paths(site.archive)
    }

    assert {path for path, value in said.items() if value == FOR_A_YEAR} == unique
    assert {value for path, value in said.items() if path not in unique} == {"no-cache"}


def test_what_changes_has_the_time_of_its_snapshot(site: Served) -> None:
    """Two snapshots are a second apart at least, so that each one looks modified."""
    for farm in (site.deb, site.rpm):
        line = f"{site.nginx}/development/{farm.distro}"
        timestamp = get(f"{line}/manifest.json").json()["timestamp"]
        expected = formatdate(timestamp, usegmt=True)
        changing = [path for path in farm.live.rglob("*") if path.is_file()]

        for path in (path.relative_to(farm.live).as_posix() for path in changing):
            answer = get(f"{line}/{path}")
            if answer.headers["Cache-Control"] == "no-cache":
                assert answer.headers["Last-Modified"] == expected, path


def test_what_is_not_there_is_never_cached(site: Served) -> None:
    missing = get(f"{site.nginx}/development/bookworm/pool/main/n/no/no_1_all.deb")

    assert missing.status_code == 404
    assert "Cache-Control" not in missing.headers


@pytest.mark.parametrize("server", ["nginx", "embedded"])
def test_the_publishers_state_does_not_exist_for_clients(site: Served, server: str) -> None:
    url = getattr(site, server)
    assert (site.archive / ".state/development/bookworm/lock").is_file()

    for path in (
        ".state/",
        ".state/development/bookworm/lock",
        "development/../.state/development/bookworm/lock",
        "%2estate/development/bookworm/lock",
        "snapshots/%2e%2e/.state/development/bookworm/lock",
    ):
        assert get(f"{url}/{path}").status_code == 404, path
    assert ".state" not in get(f"{url}/").text


@pytest.mark.parametrize("server", ["nginx", "embedded"])
def test_a_broken_download_goes_on_where_it_stopped(site: Served, server: str) -> None:
    path = next(path for path in paths(site.archive) if path.endswith(".deb"))
    url = f"{getattr(site, server)}/{path}"
    whole = get(url).content

    rest = get(url, Range="bytes=100-")

    assert (rest.status_code, rest.content) == (206, whole[100:])
    assert rest.headers["Content-Range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"


@pytest.mark.parametrize("server", ["nginx", "embedded"])
def test_indices_are_asked_for_again_and_not_sent_again(site: Served, server: str) -> None:
    url = f"{getattr(site, server)}/development/bookworm/dists/bookworm/InRelease"
    first = get(url)

    again = get(url, **{"If-Modified-Since": first.headers["Last-Modified"]})

    assert (again.status_code, again.content) == (304, b"")


def test_reports_reach_the_master_through_nginx(site: Served) -> None:
    address = f"{site.nginx}/qa/development/bookworm/1"
    report = {"by": "smoke", "result": "pass"}

    for token, status in (("wrong", 401), (TOKEN, 201)):
        headers = {"Authorization": f"Bearer {token}"}
        answer = requests.post(address, json=report, headers=headers, timeout=20)
        assert answer.status_code == status, answer.text
    assert "smoke pass" in get(f"{site.nginx}/snapshots/development/bookworm/").text


def test_people_can_look_around(site: Served) -> None:
    assert "Use it" in get(f"{site.nginx}/development/bookworm/").text
    assert "liblib" in get(f"{site.nginx}/development/bookworm/pool/main/libl/").text
    assert get(f"{site.nginx}/development/bookworm").status_code == 301


def test_apt_installs_through_nginx(site: Served) -> None:
    sources = get(f"{site.nginx}/development/bookworm/farm.sources").text
    client = AptClient(site.deb.directory / "client", sources)

    for arguments in (("update",), ("install", "app", "liblib")):
        done = client.apt_get(*arguments)
        assert done.returncode == 0, done.stdout
    assert client.version("app") == "2.0"


def test_dnf_installs_through_nginx(site: Served) -> None:
    repo = get(f"{site.nginx}/development/el9/farm.repo").text
    client = DnfClient(site.rpm.directory / "client", repo)

    done = client.dnf("install", "app", "liblib")
    assert done.returncode == 0, done.stdout
    assert client.version("app") == "2.0-1.el9"
