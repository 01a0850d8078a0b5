"""Bad builds, bad tools, a bad machine: one message each, and the live archive stays as it was."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from farm.errors import InfrastructureError
from repo_publish import publisher
from repo_publish.errors import PublishError, VerifyError
from repo_publish.keys import Keyring
from repo_publish.model import Published
from repo_publish.publisher import next_timestamp
from repo_publish.verify import verify_snapshot
from tests.archive_clients import Farm, add_package, run_client
from tests.hostile_archives import (
    cut_short,
    flip_a_byte,
    pool_file,
    refused,
    replace_by_a_link,
    tampering,
)
from tests.killed_publishers import in_child
from tests.packages import Rpm, build_deb, build_rpms, store

pytestmark = pytest.mark.real

FAMILIES = pytest.mark.parametrize("family", ["deb", "rpm"])


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Farm]:
    """A farm with two published components, and the next good builds of both in its pool."""

    @functools.cache
    def made(family: str) -> Farm:
        farm = Farm(tmp_path_factory.mktemp(family), family)
        for version in ("1.1", "1.0"):
            for name in ("one", "two"):
                add_package(farm, name, version)
            if version == "1.1":
                NEXT[family] = dict(farm.packages)
        farm.publish()
        return farm

    return made


NEXT: dict[str, dict[str, Published]] = {}


@pytest.fixture
def farm(family: str, tmp_path: Path, template: Callable[[str], Farm]) -> Farm:
    """A copy of `template`, to do bad things to."""
    made = template(family)
    copy = Farm(tmp_path / "farm", family, packages=dict(made.packages))
    run_client(["cp", "-a", made.directory, copy.directory])
    return copy


def goes_on(farm: Farm) -> None:
    """The next good publication succeeds."""
    farm.packages = dict(NEXT[farm.family])
    snapshot = farm.publish()
    assert (snapshot.number, snapshot.changed, snapshot.held_back) == (2, True, {})
    verify_snapshot(farm.live)


@FAMILIES
def test_a_damaged_build_in_the_pool(farm: Farm) -> None:
    add_package(farm, "one", "1.0.5")
    path = pool_file(farm, "one")
    for damage in (flip_a_byte, cut_short, replace_by_a_link, Path.unlink):
        damage(path)

        message = refused(farm, PublishError)

        assert message.count("one: ") == 1
        assert "is missing" in message or "is not the file that was built" in message
    goes_on(farm)


@FAMILIES
def test_a_package_with_another_components_name(farm: Farm) -> None:
    built = farm.directory / "thief"
    if farm.family == "deb":
        files = build_deb(built, "thief", "9.0", binaries=("one",))
        farm.packages["thief"] = store(farm.pool, "thief", farm.distro, "9.0", files)
    else:
        files = build_rpms(built, Rpm("thief", "9.0", binaries=("one",)))["thief"]
        farm.packages["thief"] = store(farm.pool, "thief", farm.distro, "9.0-1.el9", files)

    assert refused(farm, PublishError) == (
        f"development/{farm.distro} is not published:\n"
        "  thief: the binary package one belongs to one"
    )

    # What others want is published without it.
    add_package(farm, "two", "1.0.5")
    snapshot = farm.publish()
    assert snapshot.held_back == {"thief": "the binary package one belongs to one"}
    assert snapshot.content.keys() == {"one", "two"}
    verify_snapshot(farm.live)


@FAMILIES
def test_another_components_build(farm: Farm) -> None:
    live = farm.packages["two"]
    add_package(farm, "two", "9.0")
    stolen = farm.packages["two"].model_copy(update={"component": "one"})
    farm.packages = {"one": stolen, "two": live}

    assert f"one: the pool's {stolen.key} is a build of two" in refused(farm, PublishError)
    goes_on(farm)


@pytest.mark.parametrize("family", ["deb"])
def test_tricks_in_the_fields_of_a_deb(farm: Farm) -> None:
    *source, deb = build_deb(farm.directory / "good", "one", "1.0.5")
    for number, control in enumerate(
        (
            {"Package": "../../../../etc/cron.d/evil"},
            {"Package": "one\nPackage: bash"},
            {"Version": "1.0/../../evil"},
            {"Version": "9" * 300},
            {"Architecture": "../all"},
            {"Source": "../one (1.0)"},
            {"Source": "bash"},
            {"Filename": "../../../etc/passwd"},
            {"Description": "tiny\x1b]0;evil\x07"},
            {"Depends": "a" * 300_000},
        )
    ):
        built = build_deb(farm.directory / f"odd{number}", "odd", "1.0", control=control)
        deb.write_bytes(built[-1].read_bytes())
        farm.packages["one"] = store(farm.pool, "one", farm.distro, "1.0.5", [*source, deb])

        assert "one: one_1.0.5_all.deb" in refused(farm, PublishError)
    goes_on(farm)


@pytest.mark.parametrize("family", ["rpm"])
def test_tricks_in_the_header_of_an_rpm(farm: Farm) -> None:
    source, rpm = build_rpms(farm.directory / "odd", Rpm("tricked", "1.0"))["tricked"]
    good = rpm.read_bytes()
    for name in (b"../../a", b"one\n/bi", b"on\x1b[2Jx"):
        rpm.write_bytes(good.replace(b"tricked\0", name + b"\0"))
        farm.packages["tricked"] = store(farm.pool, "tricked", "el9", "1.0-1.el9", [source, rpm])

        assert "tricked: tricked-1.0-1.el9.noarch.rpm" in refused(farm, PublishError)
    goes_on(farm)


@FAMILIES
def test_tricks_in_what_the_pool_says_of_a_build(farm: Farm) -> None:
    add_package(farm, "one", "1.0.5")
    result = pool_file(farm, "one").parent / "result.json"
    said = json.loads(result.read_text())
    for name in ("../../../../etc/passwd", "/etc/passwd", "a\nb", "..", "a" * 300):
        said["files"][-1]["filename"] = name
        result.write_text(json.dumps(said))

        assert "is not a file name for the pool" in refused(farm, PublishError)
    goes_on(farm)


@FAMILIES
def test_tricks_in_a_publication(farm: Farm) -> None:
    for change in (
        {"channel": "../../etc"},
        {"channel": "snapshots"},
        {"distro": "a/b"},
        {"architecture": "amd64\nX: y"},
        {"title": "Farm\nCodename: evil"},
    ):
        publication = {**json.loads(farm.publication_json()), **change}

        refused(farm, PublishError, json.dumps(publication))
    goes_on(farm)


INDICES = {
    "deb": ["dists/*/main/binary-amd64/Packages", "dists/*/Release", "dists/*/main/source/Sources"],
    "rpm": ["repodata/*-primary.xml.gz", "repodata/repomd.xml", "source/repodata/repomd.xml"],
}


@FAMILIES
def test_an_index_that_is_cut_short(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    add_package(farm, "one", "1.0.5")
    for pattern in INDICES[farm.family]:

        def change(tree: Path, pattern: str = pattern) -> None:
            for path in tree.glob(pattern):
                # Not in place: earlier snapshots share their files.
                content = path.read_bytes()
                path.unlink()
                path.write_bytes(content[:-10])

        with monkeypatch.context() as patch:
            tampering(patch, change)
            message = refused(farm, VerifyError)
        assert any(said in message for said in ("announced", "bad signature", "cannot be read"))
    goes_on(farm)


@FAMILIES
def test_a_signature_by_another_key(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(tree: Path) -> None:
        with Path(os.devnull).open("w") as log, Keyring(farm.directory / "evil").session(log) as s:
            if farm.family == "deb":
                release = tree / f"dists/{farm.distro}/Release"
                s.clearsign(release, release.with_name("InRelease"))
            else:
                repomd = tree / "repodata/repomd.xml"
                s.detach(repomd, repomd.with_name("repomd.xml.asc"))

    add_package(farm, "one", "1.0.5")
    with monkeypatch.context() as patch:
        tampering(patch, change)
        assert "bad signature" in refused(farm, VerifyError)

    goes_on(farm)


@pytest.mark.parametrize("family", ["rpm"])
def test_an_rpm_that_is_not_signed_with_our_key(farm: Farm, tmp_path: Path) -> None:
    """Its signed copy is made once and kept for all lines; here somebody replaces that."""
    add_package(farm, "one", "1.0.5")
    other = Farm(tmp_path / "other", "rpm", packages=farm.packages)
    other.directory.mkdir()
    other.pool.symlink_to(farm.pool)
    other.publish()
    farm.publish()
    built = pool_file(farm, "one")
    digest = hashlib.sha256(built.read_bytes()).hexdigest()
    [kept] = (farm.archive / ".state/signed").glob(f"*/*/{digest}.rpm")
    for number, bad in enumerate((built, next(other.live.rglob("one-1.0.5*.noarch.rpm")))):
        kept.unlink()
        kept.write_bytes(bad.read_bytes())

        publication = farm.publication_json().replace('"development"', f'"stable-{number}"')
        message = refused(farm, VerifyError, publication)
        assert "bad package signature" in message
        assert message.count("NOT OK") == 1

        farm.publish_json(publication)
        live = farm.archive / f"stable-{number}" / farm.distro
        verify_snapshot(live, keys=farm.live)


@FAMILIES
def test_a_live_index_that_is_cut_short_is_written_anew(farm: Farm) -> None:
    for pattern in INDICES[farm.family][:1]:
        for path in farm.live.glob(pattern):
            cut_short(path)
    with pytest.raises(VerifyError):
        verify_snapshot(farm.live)

    goes_on(farm)


@FAMILIES
def test_a_key_that_has_expired(farm: Farm) -> None:
    add_package(farm, "one", "1.0.5")
    # gpg counts from the time when the key was made.
    argv = ["gpg", "--homedir", farm.keys, "--batch", "--pinentry-mode", "loopback"]
    fingerprint = json.loads((farm.live / "manifest.json").read_text())["signing_key"]
    subprocess.run(
        [*argv, "--passphrase", "", "--quick-set-expire", fingerprint, "seconds=1"],
        check=True,
        capture_output=True,
    )
    time.sleep(2)

    message = refused(farm, PublishError)

    assert f"the signing key {fingerprint} expired on" in message
    subprocess.run(
        [*argv, "--passphrase", "", "--quick-set-expire", fingerprint, "3y"],
        check=True,
        capture_output=True,
    )
    goes_on(farm)


@FAMILIES
def test_a_clock_that_was_set_back(farm: Farm, monkeypatch: pytest.MonkeyPatch) -> None:
    add_package(farm, "one", "1.0.5")
    yesterday = functools.partial(next_timestamp, clock=lambda: time.time() - 86400)
    with monkeypatch.context() as patch:
        patch.setattr(publisher, "next_timestamp", yesterday)
        message = refused(farm, InfrastructureError)

    assert message.endswith("apt ignores an older archive; set the clock right")
    goes_on(farm)


@FAMILIES
def test_an_archive_that_cannot_be_written(family: str, tmp_path: Path) -> None:
    child = in_child(publish_read_only, family, str(tmp_path), namespace=True)
    output, _ = child.communicate()

    assert child.returncode == 0, output
    assert "Read-only file system" in output
    assert output.strip().endswith("snapshot 1 stays live")


def publish_read_only(family: str, directory: str) -> None:
    """Publish, make the file system read-only, publish again; print what is said then."""
    farm = Farm(Path(directory), family)
    farm.archive.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", farm.archive], check=True)
    add_package(farm, "one", "1.0")
    add_package(farm, "two", "1.0")
    farm.publish()
    add_package(farm, "one", "1.0.5")
    subprocess.run(["mount", "-o", "remount,ro", farm.archive], check=True)
    print(refused(farm, InfrastructureError))
    subprocess.run(["mount", "-o", "remount,rw", farm.archive], check=True)
    assert farm.publish().number == 2
