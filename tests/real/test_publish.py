"""What users of an archive can do, with their own apt and dnf, and what these refuse."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from repo_publish.errors import PublishError, VerifyError
from repo_publish.keys import Keyring
from repo_publish.verify import verify_snapshot
from tests.archive_clients import AptClient, DnfClient, Farm, add_package, run_client, served
from tests.archive_loops import failed_loops

pytestmark = pytest.mark.real


@pytest.fixture
def deb_farm(tmp_path: Path) -> Iterator[Farm]:
    farm = Farm(tmp_path, "deb")
    with served(farm.archive) as farm.url:
        add_package(farm, "liblib", "1.0-1~deb12")
        add_package(farm, "app", "1:2.0-1~deb12", depends="liblib (>= 1.0)")
        farm.publish()
        yield farm


@pytest.fixture
def rpm_farm(tmp_path: Path) -> Iterator[Farm]:
    farm = Farm(tmp_path, "rpm")
    with served(farm.archive) as farm.url:
        add_package(farm, "liblib", "1.0")
        add_package(farm, "app", "2.0", requires="liblib >= 1.0")
        farm.publish()
        yield farm


def apt_client(farm: Farm) -> AptClient:
    return AptClient(farm.directory / "client", (farm.live / "farm.sources").read_text())


def dnf_client(farm: Farm) -> DnfClient:
    return DnfClient(farm.directory / "client", (farm.live / "farm.repo").read_text())


def test_apt_installs_upgrades_and_fetches_sources(deb_farm: Farm) -> None:
    client = apt_client(deb_farm)

    assert_done(client.apt_get("update"))
    assert_done(client.apt_get("install", "app"))
    assert (client.version("app"), client.version("liblib")) == ("1:2.0-1~deb12", "1.0-1~deb12")

    add_package(deb_farm, "liblib", "1.0+git3.gabc-1~deb12")
    snapshot = deb_farm.publish()
    assert (snapshot.number, snapshot.changed) == (2, True)
    assert_done(client.apt_get("update"))
    assert_done(client.apt_get("upgrade"))
    assert client.version("liblib") == "1.0+git3.gabc-1~deb12"

    source = run_client(
        ["sh", "-ec", 'cd "$1"; exec apt-get --quiet source app', "sh", client.root / "tmp"],
        APT_CONFIG=str(client.root / "apt.conf"),
    )
    assert_done(source)
    assert (client.root / "tmp/app-2.0/debian/control").is_file()


def test_a_client_that_began_with_the_old_indices_can_still_install(deb_farm: Farm) -> None:
    client = apt_client(deb_farm)
    assert_done(client.apt_get("update"))
    for minor in range(1, 6):
        add_package(deb_farm, "liblib", f"1.{minor}-1~deb12")
        deb_farm.publish()

    assert_done(client.apt_get("install", "app"))

    assert client.version("liblib") == "1.0-1~deb12"


def test_apt_refuses_a_release_file_that_was_changed(deb_farm: Farm) -> None:
    tamper(deb_farm.live / "dists/bookworm/InRelease", b"Label: Farm", b"Label: Evil")

    refused = apt_client(deb_farm).apt_get("update")

    assert refused.returncode != 0
    assert "BADSIG" in refused.stdout


def test_apt_refuses_a_package_that_was_changed(deb_farm: Farm) -> None:
    client = apt_client(deb_farm)
    assert_done(client.apt_get("update"))
    package = next((deb_farm.live / "pool").rglob("liblib_*.deb"))
    tamper(package, b"data.tar.gz", b"evil.tar.gz")

    refused = client.apt_get("install", "liblib")

    assert refused.returncode != 0
    assert "Hash Sum mismatch" in refused.stdout


def test_apt_refuses_an_archive_that_another_key_signed(deb_farm: Farm) -> None:
    trusted = (deb_farm.live / "farm.sources").read_text()
    shutil.rmtree(deb_farm.archive)
    shutil.rmtree(deb_farm.keys)
    deb_farm.publish()

    refused = AptClient(deb_farm.directory / "client", trusted).apt_get("update")

    assert refused.returncode != 0
    assert "NO_PUBKEY" in refused.stdout


def test_dnf_installs_upgrades_and_fetches_sources(rpm_farm: Farm) -> None:
    client = dnf_client(rpm_farm)

    assert_done(client.dnf("install", "app"))
    assert (client.version("app"), client.version("liblib")) == ("2.0-1.el9", "1.0-1.el9")

    add_package(rpm_farm, "liblib", "1.0+git3.gabc")
    snapshot = rpm_farm.publish()
    assert (snapshot.number, snapshot.changed) == (2, True)
    assert_done(client.dnf("upgrade"))
    assert client.version("liblib") == "1.0+git3.gabc-1.el9"

    sources = client.directory / "sources"
    assert_done(client.dnf("download", "--source", "--destdir", str(sources), "app"))
    assert [path.name for path in sources.iterdir()] == ["app-2.0-1.el9.src.rpm"]


def test_dnf_refuses_metadata_that_was_changed(rpm_farm: Farm) -> None:
    tamper(rpm_farm.live / "repodata/repomd.xml", b"<revision>1", b"<revision>2")

    refused = dnf_client(rpm_farm).dnf("install", "app")

    assert refused.returncode != 0
    assert "signature" in refused.stdout.lower()


def test_dnf_refuses_a_package_that_is_not_signed(rpm_farm: Farm) -> None:
    unsigned = rpm_farm.directory / "built/rpmbuild/RPMS/noarch/liblib-1.0-1.el9.noarch.rpm"
    published = rpm_farm.live / "Packages/l" / unsigned.name
    published.unlink()
    shutil.copy(unsigned, published)
    resign_repository(rpm_farm)

    refused = dnf_client(rpm_farm).dnf("install", "liblib")

    assert refused.returncode != 0
    assert "is not signed" in refused.stdout


def test_publishing_the_same_again_writes_nothing(deb_farm: Farm) -> None:
    before = {path: path.lstat().st_mtime_ns for path in deb_farm.archive.rglob("*")}

    snapshot = deb_farm.publish()

    assert (snapshot.number, snapshot.changed) == (1, False)
    assert {p: p.lstat().st_mtime_ns for p in deb_farm.archive.rglob("*")} == before


@pytest.mark.parametrize("family", ["deb", "rpm"])
def test_a_lost_cache_changes_nothing_for_clients(family: str, tmp_path: Path) -> None:
    farm = Farm(tmp_path, family)
    add_package(farm, "one", "1.0")
    add_package(farm, "two", "1.0")
    farm.publish()
    removed = farm.packages.pop("one")
    farm.publish()
    shutil.rmtree(farm.archive / ".state")

    farm.packages["one"] = removed
    farm.publish()

    manifest = verify_snapshot(farm.live)
    assert [component.component for component in manifest.components] == ["one", "two"]


def test_versions_only_go_up_and_names_are_used_once(deb_farm: Farm) -> None:
    add_package(deb_farm, "liblib", "1.0~rc1-1~deb12")
    with pytest.raises(PublishError, match=r"liblib would go from 1\.0-1~deb12 down to 1\.0~rc1"):
        deb_farm.publish()

    add_package(deb_farm, "liblib", "1.0-1~deb12", content="other bytes")
    with pytest.raises(PublishError, match=r"liblib_1\.0-1~deb12_all\.deb was published before"):
        deb_farm.publish()

    assert deb_farm.live.readlink().name == "1"


def test_rpm_versions_only_go_up(rpm_farm: Farm) -> None:
    add_package(rpm_farm, "liblib", "1.0~rc1")
    with pytest.raises(PublishError, match=r"liblib would go from 1\.0-1\.el9 down to 1\.0~rc1"):
        rpm_farm.publish()


def test_a_lost_key_does_not_lock_clients_out(deb_farm: Farm) -> None:
    shutil.rmtree(deb_farm.keys)
    add_package(deb_farm, "liblib", "1.1-1~deb12")
    with pytest.raises(PublishError, match="put the old key back"):
        deb_farm.publish()


@pytest.mark.parametrize("family", ["deb", "rpm"])
def test_verification_finds_a_damaged_package(family: str, request: pytest.FixtureRequest) -> None:
    farm: Farm = request.getfixturevalue(f"{family}_farm")
    verify_snapshot(farm.live)
    package = next(farm.live.resolve().rglob(f"app*.{family}"))
    package.write_bytes(package.read_bytes()[:-1] + b"?")

    with pytest.raises(VerifyError, match="SHA256 is not the announced one"):
        verify_snapshot(farm.live)


@pytest.mark.parametrize("family", ["deb", "rpm"])
def test_clients_never_fail_while_snapshots_follow_each_other(family: str, tmp_path: Path) -> None:
    """A few of what `tests/full` does two hundred times."""
    farm = Farm(tmp_path, family)
    with served(farm.archive) as farm.url:
        failures, snapshots = failed_loops(farm, loops=8)

    assert failures == []
    assert snapshots > 2


def assert_done(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout


def tamper(path: Path, old: bytes, new: bytes) -> None:
    """Change bytes of a published file in place."""
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def resign_repository(farm: Farm) -> None:
    """Write and sign the metadata anew, as a publisher would that does not sign packages."""
    repomd = farm.live / "repodata/repomd.xml"
    signature = repomd.with_name("repomd.xml.asc")
    assert_done(run_client(["createrepo_c", "--quiet", "--excludes", "*.src.rpm", farm.live]))
    with Path(os.devnull).open("w") as log, Keyring(farm.keys).session(log) as signer:
        signer.detach(repomd, signature)
