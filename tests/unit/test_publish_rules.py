"""What a publication may not do to the archive, and who breaks the rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from repo_publish import debs, rules
from repo_publish.line import Line
from repo_publish.manifest import MANIFEST, Manifest, ManifestFile
from repo_publish.names import remember_names
from repo_publish.retired import retire, retired_versions
from tests.manifests import a_component, a_content, a_file, a_manifest

OTHER = a_file("app", content=b"other")


@pytest.fixture
def line(tmp_path: Path) -> Line:
    line = Line(tmp_path, "development", "bookworm")
    line.state.mkdir(parents=True)
    return line


def add_snapshot(
    line: Line, number: int, *files: ManifestFile, content: bytes = b"content"
) -> None:
    """A snapshot that has these files, all of that content."""
    tree = line.snapshot(number)
    tree.mkdir(parents=True)
    (tree / MANIFEST).write_text(a_manifest(a_component("app", *files)).model_dump_json())
    for file in files:
        path = tree / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def test_binaries_come_with_their_source() -> None:
    whole = a_content("whole", a_file("whole"), a_file("whole", kind="source"))
    half = a_content("half", a_file("half"))

    assert rules.source_problems([whole, half]) == {
        "half": ["its binary packages come without their source"]
    }


def test_a_package_belongs_to_who_has_it_already() -> None:
    live = a_manifest(a_component("one", a_file("app")))
    contents = [a_content("one", a_file("app")), a_content("two", a_file("app"), a_file("two"))]

    assert rules.ownership_problems(contents, live) == {
        "two": ["the binary package app belongs to one"]
    }


def test_a_new_package_that_two_claim_belongs_to_neither() -> None:
    contents = [a_content("one", a_file("app")), a_content("two", a_file("app"), a_file("two"))]

    assert rules.ownership_problems(contents, None) == {
        "one": ["the binary package app comes from two, too"],
        "two": ["the binary package app comes from one, too"],
    }


def test_a_package_may_move_when_its_owner_lets_go() -> None:
    live = a_manifest(a_component("one", a_file("app"), a_file("lib")))
    contents = [a_content("one", a_file("lib")), a_content("two", a_file("app"))]

    assert rules.ownership_problems(contents, live) == {}


def test_a_source_and_a_binary_may_share_a_name() -> None:
    content = a_content("app", a_file("app"), a_file("app", kind="source"))

    assert rules.ownership_problems([content], None) == {}


def versions(line: Line, live: Manifest | None, *files: ManifestFile) -> rules.Problems:
    return rules.version_problems(line, [a_content("app", *files)], live, debs.compare_versions)


def test_versions_do_not_go_down(line: Line) -> None:
    live = a_manifest(a_component("app", a_file("app", "1.0-1"), a_file("libapp", "2.0-1")))

    assert versions(line, live, a_file("app", "1.0~rc1-1"), a_file("libapp", "2.1-1")) == {
        "app": ["the binary package app would go from 1.0-1 down to 1.0~rc1-1"]
    }


def test_versions_may_stay_and_packages_may_be_new(line: Line) -> None:
    live = a_manifest(a_component("app", a_file("app", "1.0-1")))

    assert versions(line, live, a_file("app", "1.0-1"), a_file("new", "0.1-1")) == {}
    assert versions(line, None, a_file("app", "1.0-1")) == {}


def test_a_package_that_returns_does_not_return_older(line: Line) -> None:
    with_app = a_manifest(a_component("app", a_file("app", "2.0-1"), a_file("app-doc", "2.0-1")))
    without = a_manifest(a_component("app", a_file("app-doc", "2.1-1")))

    retire(line, with_app, without)
    retire(line, without, without)

    assert versions(line, without, a_file("app", "1.9-1")) == {
        "app": ["the binary package app would go from 2.0-1 down to 1.9-1"]
    }
    assert versions(line, without, a_file("app", "2.0-1")) == {}
    retire(line, without, with_app)
    assert retired_versions(line) == {}


def reused(line: Line, live: Manifest | None, *files: ManifestFile) -> rules.Problems:
    return rules.reuse_problems(line, [a_content("app", *files)], live)


def problem(where: str) -> rules.Problems:
    return {
        "app": [
            f"app_1.0-1_all.deb was published before with other bytes ({where}): a new build "
            "needs a new version"
        ]
    }


def test_a_name_is_not_used_for_other_bytes(line: Line) -> None:
    add_snapshot(line, 1, a_file("app"))
    add_snapshot(line, 2)

    assert reused(line, None, a_file("app")) == {}
    assert reused(line, None, OTHER) == problem("snapshot 1")


def test_a_name_is_remembered_longer_than_its_snapshot(line: Line) -> None:
    remember_names(line, [a_file("app")])

    assert reused(line, None, a_file("app")) == {}
    assert reused(line, None, OTHER) == problem("in a snapshot that is no longer kept")


def test_a_name_is_not_used_in_another_directory_either(line: Line) -> None:
    live = a_manifest(a_component("app", a_file("app")))
    moved = OTHER.model_copy(update={"path": "pool/main/t/two/app_1.0-1_all.deb"})

    assert reused(line, live, moved) == problem("the live snapshot")


def test_of_an_rpm_that_is_not_signed_yet_what_was_built_counts(line: Line) -> None:
    unsigned = a_file("app", content=b"built")
    unsigned = unsigned.model_copy(update={"built_sha256": unsigned.sha256})
    signed = unsigned.model_copy(update={"sha256": a_file("app", content=b"signed").sha256})
    other = OTHER.model_copy(update={"built_sha256": OTHER.sha256})
    live = a_manifest(a_component("app", signed))
    add_snapshot(line, 1, signed, content=b"signed")

    assert reused(line, live, unsigned) == reused(line, None, unsigned) == {}
    assert reused(line, live, other) == reused(line, None, other) == problem("snapshot 1")


def test_what_several_rules_find_is_told_together() -> None:
    assert rules.merged({"app": ["one"]}, {}, {"app": ["two"], "lib": ["three"]}) == {
        "app": ["one", "two"],
        "lib": ["three"],
    }
