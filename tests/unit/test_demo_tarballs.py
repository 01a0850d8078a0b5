"""Upstream tarballs by way of Debian's source packages."""

import hashlib
from pathlib import Path

import pytest

from demo import tarballs
from demo.errors import DemoError
from demo.tarballs import Tarball, TarballCache, find_mirror, parse_print_uris, upstream_version
from farm.build.deb.mirrors import Target
from farm.errors import CommandError

CONTENT = b"a tarball"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.parametrize(
    ("filename", "version"),
    [
        ("libogg_1.3.5.orig.tar.xz", "1.3.5"),
        ("libtheora_1.1.1+dfsg.1.orig.tar.gz", "1.1.1"),
        ("libtheora_1.2.0~alpha1+dfsg.orig.tar.gz", "1.2.0~alpha1"),
        ("speex_1.2~rc1.2.orig.tar.gz", "1.2~rc1.2"),
        ("foo_2.0+really1.9.orig.tar.bz2", "1.9"),
        ("foo_3.ds1.orig.tar.gz", "3"),
    ],
)
def test_the_version_is_upstreams_own(filename, version):
    assert upstream_version(filename) == version


def test_the_orig_tarball_is_told_from_the_other_files():
    text = (
        f"'http://m/libo/libogg_1.3.5-3.dsc' libogg_1.3.5-3.dsc 2000 SHA256:{'0' * 64}\n"
        f"'http://m/libo/libogg_1.3.5.orig.tar.xz' libogg_1.3.5.orig.tar.xz 9 SHA256:{SHA256}\n"
        f"'http://m/libo/libogg_1.3.5.orig.tar.xz.asc' libogg_1.3.5.orig.tar.xz.asc 9 "
        f"SHA256:{'1' * 64}\n"
    )
    assert parse_print_uris(text, "bookworm") == Tarball(
        "libogg", "bookworm", "1.3.5", "libogg_1.3.5.orig.tar.xz", SHA256
    )


def test_a_package_without_checksum_is_no_tarball():
    assert parse_print_uris("'http://m/a_1.orig.tar.xz' a_1.orig.tar.xz 9 \n", "sid") is None


def test_the_mirror_is_the_one_of_the_hosts_own_release(monkeypatch):
    targets = [
        Target("https://other.example/apps", "nodistro", "main"),
        Target("https://mirror.example/debian-security/", "bookworm-security", "main"),
        Target("https://mirror.example/debian/", "bookworm", "main"),
    ]
    release = {"VERSION_CODENAME": "bookworm"}
    monkeypatch.setattr(tarballs.platform, "freedesktop_os_release", lambda: release)
    monkeypatch.setattr(tarballs, "host_targets", lambda: targets)
    assert find_mirror("bookworm") == "https://mirror.example/debian/"
    assert find_mirror("sid") == "https://mirror.example/debian/"
    monkeypatch.setattr(tarballs, "host_targets", lambda: targets[:1])
    with pytest.raises(DemoError, match="no Debian mirror"):
        find_mirror("bookworm")


class Apt:
    """A mirror with libogg alone, and apt-get in front of it."""

    def __init__(self, content=CONTENT, reachable=True, has_file=True):
        self.content, self.reachable, self.has_file = content, reachable, has_file
        self.calls = 0

    def run(self, what, argv, cwd=None, **_):
        self.calls += 1
        if "update" in argv:
            if not self.reachable:
                raise CommandError(what, argv, 100, "no route")
            return ""
        if argv[-1] != "libogg":
            raise CommandError(what, argv, 100, "E: Unable to find a source package")
        if "--print-uris" in argv:
            return f"'http://m/libogg_1.orig.tar.gz' libogg_1.orig.tar.gz 9 SHA256:{SHA256}\n"
        if not self.has_file:
            raise CommandError(what, argv, 100, "E: Failed to fetch http://m/x  404  Not Found")
        (Path(cwd) / "libogg_1.orig.tar.gz").write_bytes(self.content)
        return ""


@pytest.fixture
def cache(tmp_path, monkeypatch):
    def make(apt):
        monkeypatch.setattr(tarballs, "run", apt.run)
        said = []
        return TarballCache(tmp_path, lambda suite: "http://m/", said.append), said

    return make


def test_what_the_suite_has_is_fetched_and_what_it_lacks_is_not(cache):
    store, _ = cache(Apt())
    (found,) = store.fetch("bookworm", ["libogg", "libnothing"])
    assert store.path(found).read_bytes() == CONTENT


def test_the_second_fetch_needs_no_apt(cache):
    store, _ = cache(Apt())
    first = store.fetch("bookworm", ["libogg"])
    again = Apt(reachable=False)
    store, _ = cache(again)
    assert store.fetch("bookworm", ["libogg"]) == first
    assert again.calls == 0


def test_a_damaged_file_is_fetched_again(cache):
    store, _ = cache(Apt())
    (found,) = store.fetch("bookworm", ["libogg"])
    store.path(found).write_bytes(b"half a tar")
    (found,) = store.fetch("bookworm", ["libogg"])
    assert store.path(found).read_bytes() == CONTENT


def test_a_tarball_with_another_checksum_is_not_used(cache):
    store, _ = cache(Apt(content=b"something else"))
    assert store.fetch("bookworm", ["libogg"]) == []


def test_a_file_the_mirror_lost_is_left_out_and_said(cache):
    store, said = cache(Apt(has_file=False))
    assert store.fetch("bookworm", ["libogg"]) == []
    assert said == ["bookworm: libogg_1.orig.tar.gz is left out: 404  Not Found"]


def test_a_suite_that_cannot_be_reached_is_an_error(cache, tmp_path):
    store, _ = cache(Apt(reachable=False))
    with pytest.raises(CommandError):
        store.fetch("bookworm", ["libogg"])
    assert not list((tmp_path / "apt").iterdir())
