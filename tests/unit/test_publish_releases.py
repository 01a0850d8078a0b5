"""What a release is made of, what its stable channel needs, and versions of local rebuilds."""

from __future__ import annotations

from pathlib import Path

import pytest
from debian.debian_support import Version
from hypothesis import given
from hypothesis import strategies as st

from farm.model.load import load_stack
from farm.version import SourceVersion
from farm.version_order import rpm_sort_key
from repo_publish.errors import PublishError
from repo_publish.manifest import Manifest
from repo_publish.releases import Released, checked_release, snapshots_to_release, uneven
from repo_publish.stable import channel_text, starts_of_branches
from tests.configurations import stack_text, write
from tests.manifests import a_component, a_manifest


def released(distro: str, *components: tuple[str, str, str]) -> Released:
    """A release 1.2; each component is its name, its repository and its commit."""
    manifest: Manifest = a_manifest(
        *(
            a_component(name).model_copy(update={"git": git, "commit": commit * 40})
            for name, git, commit in components
        ),
        distro=distro,
    )
    return Released("1.2", distro, Path("/releases/1.2") / distro, manifest)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """development is published for two distros, testing for one."""
    for line, number in (("development/bookworm", 42), ("development/el9", 40), ("testing/el9", 3)):
        link = tmp_path / line
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(f"../snapshots/{line}/{number}")
    return tmp_path


@pytest.mark.parametrize(
    ("wanted", "default", "expected"),
    [
        ({}, None, {"bookworm": 42, "el9": 40}),
        ({}, 39, {"bookworm": 39, "el9": 39}),
        ({"el9": 38}, 39, {"bookworm": 39, "el9": 38}),
        ({"el9": 38}, None, {"el9": 38}),
    ],
)
def test_a_release_takes_the_snapshots_that_were_named(
    archive: Path, wanted: dict[str, int], default: int | None, expected: dict[str, int]
) -> None:
    assert snapshots_to_release(archive, "development", wanted, default) == expected


def test_a_distro_that_the_channel_does_not_have_is_named(archive: Path) -> None:
    with pytest.raises(PublishError, match="testing has no sid; it has el9"):
        snapshots_to_release(archive, "testing", {"sid": 1}, None)


@pytest.mark.parametrize("name", ["1.2", "2", "2.0-rc1", "2026.11"])
def test_names_of_releases(name: str) -> None:
    assert checked_release(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "../1", "1/2", "v1", "1.2\n", "1..2", "1.2-"])
def test_names_that_become_no_paths(name: str) -> None:
    with pytest.raises(PublishError, match="is not a release"):
        checked_release(name)


def test_components_at_different_commits_are_found() -> None:
    one = released("bookworm", ("lib", "", "a"), ("app", "", "b"), ("only", "", "c"))
    other = released("el9", ("lib", "", "a"), ("app", "", "d"))

    assert uneven([one, other]) == {"app": {"bookworm": "b" * 40, "el9": "d" * 40}}


def test_each_repository_gets_one_branch() -> None:
    url = "https://git.example.invalid/mono.git"
    starts = starts_of_branches([released("bookworm", ("one", url, "a"), ("two", url, "b"))])

    assert [(s.git, s.commits) for s in starts] == [(url, ("a" * 40, "b" * 40))]
    assert starts[0].command == f"git push {url} {'a' * 40}:refs/heads/stable-1.2"


def test_the_text_for_components_yml_follows_the_branch_and_nothing_else(tmp_path: Path) -> None:
    text = stack_text("""
        lib:
          git: https://git.example.org/lib.git
    """)
    made = channel_text([released("bookworm", ("lib", "", "a"))])
    path = write(tmp_path, text.replace("channels:\n", f"channels:\n{made}"))

    channel = load_stack(path, {}).channels["stable-1.2"]

    assert channel.branches == {"lib": "stable-1.2"}
    assert (channel.branch, channel.distros) == (None, ("bookworm",))


COUNTS = st.integers(0, 300)


@given(COUNTS, COUNTS, st.integers(1, 50), st.sampled_from(["~deb12", "~deb13", ""]))
def test_a_local_deb_is_above_every_rebuild_and_below_every_newer_commit(
    count: int, rebuild: int, newer: int, suffix: str
) -> None:
    local = Version(f"{upstream(count)}-2+local1")

    assert Version(SourceVersion(upstream(count), rebuild).deb(suffix)) < local
    assert local < Version(SourceVersion(upstream(count + newer)).deb(suffix))


@given(COUNTS, COUNTS, st.integers(1, 50))
def test_a_local_rpm_is_above_every_rebuild_and_below_every_newer_commit(
    count: int, rebuild: int, newer: int
) -> None:
    farms = SourceVersion(upstream(count), rebuild).rpm_release(".el9")

    assert rpm_sort_key(farms) < rpm_sort_key("2.local1.el9")
    assert rpm_sort_key(upstream(count)) < rpm_sort_key(upstream(count + newer))


def upstream(count: int) -> str:
    """The version of the commit so many after the tag."""
    return f"1.3.5+git{count}.gabc1234" if count else "1.3.5"
