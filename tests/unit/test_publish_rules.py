"""What a publication may not do to the archive."""

from __future__ import annotations

from pathlib import Path

from repo_publish import debs, rules
from repo_publish.line import Line
from tests.manifests import a_component, a_content, a_file, a_manifest


def test_a_package_belongs_to_one_component() -> None:
    contents = [a_content("one", a_file("app")), a_content("two", a_file("app"), a_file("two"))]

    assert rules.ownership_problems(contents) == ["the binary package app comes from one and two"]


def test_a_source_and_a_binary_may_share_a_name() -> None:
    content = a_content("app", a_file("app"), a_file("app", kind="source"))

    assert rules.ownership_problems([content]) == []


def test_versions_do_not_go_down() -> None:
    live = a_manifest(a_component("app", a_file("app", "1.0-1"), a_file("libapp", "2.0-1")))
    content = a_content("app", a_file("app", "1.0~rc1-1"), a_file("libapp", "2.1-1"))

    assert rules.version_problems([content], live, debs.compare_versions) == [
        "the binary package app would go from 1.0-1 down to 1.0~rc1-1"
    ]


def test_versions_may_stay_and_packages_may_be_new() -> None:
    live = a_manifest(a_component("app", a_file("app", "1.0-1")))
    contents = [a_content("app", a_file("app", "1.0-1")), a_content("new", a_file("new", "0.1-1"))]

    assert rules.version_problems(contents, live, debs.compare_versions) == []
    assert rules.version_problems(contents, None, debs.compare_versions) == []


def test_a_name_is_not_used_for_other_bytes(tmp_path: Path) -> None:
    line = Line(tmp_path, "development", "bookworm")
    file = a_file("app", content=b"first")
    for number, content in ((1, b"first"), (2, None)):
        line.snapshot(number).mkdir(parents=True)
        if content is not None:
            path = line.snapshot(number) / file.path
            path.parent.mkdir(parents=True)
            path.write_bytes(content)

    assert rules.reuse_problems(line, None, [file]) == []
    assert rules.reuse_problems(line, None, [a_file("app", content=b"second")]) == [
        "app_1.0-1_all.deb was published before with other bytes (snapshot 1): "
        "a new build needs a new version"
    ]
