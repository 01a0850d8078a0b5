"""The distribution's indices: asked for now and then, kept for when the mirror is away."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from farm.errors import FarmError, InfrastructureError
from farm.model import Distro, Root
from repo_publish.gate.deb_background import apt_configuration
from repo_publish.gate.indices import RETRY_AFTER_S, REVALIDATE_AFTER_S, Indices, current_indices

NOW = 1_800_000_000


def a_distro(**root: object) -> Distro:
    return Distro(
        name="bookworm",
        family="deb",
        release="Debian 12",
        architecture="amd64",
        root=Root.model_validate({"suite": "bookworm", **root}),
        version_suffix="~deb12",
    )


class Mirror:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.trouble = ""

    def fetch(self, place: Path) -> str:
        self.asked += 1
        if self.trouble:
            raise FarmError(self.trouble)
        (place / "Packages").write_text(f"{self.asked}")
        return f"digest {self.asked}"


@pytest.fixture
def mirror() -> Mirror:
    return Mirror()


@pytest.fixture
def indices(tmp_path: Path, mirror: Mirror) -> Callable[[int], Indices]:
    """The indices after so many seconds."""

    def at(seconds: int, sources: str = "deb http://mirror bookworm main") -> Indices:
        log = io.StringIO()
        with current_indices(
            a_distro(), tmp_path, sources, mirror.fetch, log, clock=lambda: NOW + seconds
        ) as (_, found):
            return found

    return at


def test_the_mirror_is_asked_once_in_a_while(
    mirror: Mirror, indices: Callable[[int], Indices]
) -> None:
    assert indices(0) == indices(REVALIDATE_AFTER_S - 1)
    assert mirror.asked == 1
    assert indices(REVALIDATE_AFTER_S).digest == "digest 2"


def test_without_the_mirror_the_kept_indices_do(
    mirror: Mirror, indices: Callable[[int], Indices]
) -> None:
    indices(0)
    mirror.trouble = "no route to host"

    found = indices(REVALIDATE_AFTER_S)
    again = indices(REVALIDATE_AFTER_S + RETRY_AFTER_S - 1)

    assert (found.digest, found.fetched, found.trouble) == ("digest 1", NOW, "no route to host")
    assert again == found
    assert mirror.asked == 2
    mirror.trouble = ""
    assert indices(REVALIDATE_AFTER_S + RETRY_AFTER_S).trouble == ""


def test_without_any_indices_there_is_no_verdict(
    mirror: Mirror, indices: Callable[[int], Indices]
) -> None:
    mirror.trouble = "no route to host"

    with pytest.raises(InfrastructureError, match=r"indices of bookworm.*none yet: no route"):
        indices(0)


def test_a_clock_that_was_set_back_does_not_keep_indices_for_ever(
    mirror: Mirror, indices: Callable[[int], Indices]
) -> None:
    indices(0)
    indices(-100)

    assert mirror.asked == 2


def test_other_sources_have_other_indices(mirror: Mirror, indices: Callable[..., Indices]) -> None:
    indices(0)
    indices(0, "deb http://other bookworm main")

    assert mirror.asked == 2


def test_indices_that_somebody_removed_are_fetched_again(tmp_path: Path, mirror: Mirror) -> None:
    def read() -> str:
        log = io.StringIO()
        with current_indices(a_distro(), tmp_path, "deb x", mirror.fetch, log) as (place, _):
            return (place / "Packages").read_text()

    read()
    next(tmp_path.rglob("Packages")).unlink()

    with pytest.raises(InfrastructureError, match="cannot be read"):
        read()
    assert read() == "2"


def test_apt_trusts_the_distros_keyring_and_no_other(tmp_path: Path) -> None:
    text = apt_configuration(a_distro(keyring="/etc/keys/own.gpg"), tmp_path)

    assert 'Dir::Etc::trusted "/etc/keys/own.gpg";' in text
    assert 'Dir::Etc::trustedparts "/nonexistent";' in text
