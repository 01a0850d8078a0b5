"""Roots of suites: what they are made from, and that they are made once."""

from __future__ import annotations

import io
import threading
import time
from pathlib import Path

import pytest

from farm.build.deb import roots
from farm.build.deb.roots import (
    identity_of,
    mmdebstrap,
    parse_packages,
    recipe_digest,
    root_for,
)
from farm.errors import CommandError, InfrastructureError
from farm.model import Distro, Family, Root

PACKAGES = "dpkg\t1.21.22\tamd64\t\ndebhelper\t13.11\tall\tdebhelper-compat (= 13), dh-x\n"


def distro(**root: object) -> Distro:
    return Distro(
        name="bookworm",
        family=Family.DEB,
        release="Debian 12",
        architecture="amd64",
        root=Root.model_validate({"suite": "bookworm", "mirror": "http://m.example", **root}),
        version_suffix="~deb12",
    )


def test_packages_are_read_with_what_they_provide() -> None:
    dpkg, debhelper = parse_packages(PACKAGES)

    assert (dpkg.name, dpkg.version, dpkg.provides) == ("dpkg", "1.21.22", ())
    assert [p.name for p in debhelper.provides] == ["debhelper-compat", "dh-x"]


def test_identity_is_that_of_the_packages_in_any_order() -> None:
    backwards = "".join(reversed(PACKAGES.splitlines(keepends=True)))

    assert identity_of(PACKAGES) == identity_of(backwards)
    assert identity_of(PACKAGES) != identity_of(PACKAGES.replace("13.11", "13.12"))


def test_a_root_is_made_anew_when_what_it_is_made_from_changes() -> None:
    sources = ("deb http://m.example bookworm main",)
    digest = recipe_digest(distro(), sources)

    assert digest == recipe_digest(distro(), sources)
    assert digest != recipe_digest(distro(include=["ccache"]), sources)
    assert digest != recipe_digest(distro(), ("deb http://n.example bookworm main",))


def test_a_root_has_what_every_build_needs_and_what_is_asked_for() -> None:
    argv = mmdebstrap(
        distro(include=["ccache"], keyring="/k.gpg", areas=["main", "contrib"]),
        Path("/new/root"),
        Path("/new/sources.list"),
    )

    assert "--variant=buildd" in argv
    assert "--include=debhelper,fakeroot,ccache" in argv
    assert "--components=main contrib" in argv
    assert "--keyring=/k.gpg" in argv
    assert argv[-3:] == ["bookworm", "/new/root", "/new/sources.list"]


def made(distro: Distro, sources: tuple[str, ...], directory: Path, log: object) -> None:
    time.sleep(0.05)
    directory.mkdir()
    (directory / "identity").write_text("abc\n")


def test_builds_that_start_at_once_make_a_root_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_in: list[Path] = []
    monkeypatch.setattr(roots, "_make", lambda *a: (made_in.append(a[2]), made(*a)))
    found: list[str] = []

    def want() -> None:
        found.append(root_for(distro(), tmp_path, io.StringIO()).identity)

    threads = [threading.Thread(target=want) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == ["abc"] * 4
    assert len(made_in) == 1


def test_a_root_that_cannot_be_made_leaves_nothing_and_is_the_machines_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(what: str, argv: list[str], **rest: object) -> None:
        raise CommandError(what, ["mmdebstrap"], 25, "E: mirror is down\n")

    monkeypatch.setattr(roots, "run_following", fail)

    with pytest.raises(InfrastructureError, match="cannot make the root of bookworm") as caught:
        root_for(distro(), tmp_path, io.StringIO())

    assert "mirror is down" in str(caught.value)
    assert [p.name for p in (tmp_path / "deb").iterdir() if p.is_dir()] == []
