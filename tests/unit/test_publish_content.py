"""Where the packages of a publication come from, and what is checked on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from repo_publish.content import Content, collect
from repo_publish.errors import PublishError
from repo_publish.live import Kept
from repo_publish.model import Published
from tests.manifests import a_component, a_file, a_manifest, a_publication, key_of, published
from tests.packages import build_deb, store


def stored(directory: Path, name: str = "app", distro: str = "bookworm") -> Published:
    files = build_deb(directory / "built", name, "1.0-1")
    return store(directory / "pool", name, distro, "1.0-1", files)


def collected(directory: Path, *packages: Published) -> list[Content]:
    return collect(a_publication(*packages), pool=directory / "pool", live=None)


def problem_of(directory: Path, *packages: Published) -> str:
    with pytest.raises(PublishError) as caught:
        collected(directory, *packages)
    return "\n".join(caught.value.problems)


def test_a_new_build_is_read_from_the_pool(tmp_path: Path) -> None:
    wanted = stored(tmp_path)

    (content,) = collected(tmp_path, wanted)

    assert content.new
    assert content.version == "1.0-1"
    directory = tmp_path / "pool" / wanted.key[:2] / wanted.key
    assert {placed.origin for placed in content.files} == {
        path for path in directory.iterdir() if path.name != "result.json"
    }


def test_a_build_that_is_live_is_taken_from_there(tmp_path: Path) -> None:
    live = a_manifest(a_component("app", a_file("app")))

    (content,) = collect(
        a_publication(published("app")), pool=tmp_path, live=Kept(live, tmp_path / "live")
    )

    assert not content.new
    assert [p.origin for p in content.files] == [tmp_path / "live" / a_file("app").path]


def test_a_build_that_is_not_in_the_pool_is_named(tmp_path: Path) -> None:
    problem = problem_of(tmp_path, published("app"))

    assert problem == f"app: its build {key_of('app')} is not in the pool"


def test_a_build_of_another_component_or_distro_is_refused(tmp_path: Path) -> None:
    wanted = stored(tmp_path, "app")
    disguised = wanted.model_copy(update={"component": "other"})
    foreign = stored(tmp_path, "foreign", distro="trixie")

    assert "is a build of app on bookworm" in problem_of(tmp_path, disguised)
    assert "is a build of foreign on trixie" in problem_of(tmp_path, foreign)


def test_a_damaged_file_is_found(tmp_path: Path) -> None:
    wanted = stored(tmp_path)
    deb = next((tmp_path / "pool").rglob("*.deb"))
    deb.write_bytes(deb.read_bytes()[:-1] + b"?")

    assert "its size or SHA256 differs" in problem_of(tmp_path, wanted)


def test_a_link_in_the_pool_is_not_followed(tmp_path: Path) -> None:
    wanted = stored(tmp_path)
    deb = next((tmp_path / "pool").rglob("*.deb"))
    deb.rename(tmp_path / "elsewhere")
    deb.symlink_to(tmp_path / "elsewhere")

    assert "is missing" in problem_of(tmp_path, wanted)


@pytest.mark.parametrize("key", ["", "../../etc", "A" * 64])
def test_a_key_is_one(key: str, tmp_path: Path) -> None:
    wanted = Published(component="app", key=key, commit="")

    assert "is not a build key" in problem_of(tmp_path, wanted)


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(PublishError) as caught:
        collected(tmp_path, published("one"), published("two"))

    assert len(caught.value.problems) == 2
