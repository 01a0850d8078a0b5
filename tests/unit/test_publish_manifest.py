"""What counts as the same content, and what a damaged manifest says."""

from __future__ import annotations

from pathlib import Path

import pytest

from repo_publish.errors import PublishError
from repo_publish.manifest import MANIFEST, load_manifest
from tests.manifests import (
    FINGERPRINT,
    URL,
    a_component,
    a_file,
    a_manifest,
    a_publication,
    published,
)


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    manifest = a_manifest(a_component("app", a_file("app"), a_file("app", kind="source")))
    (tmp_path / MANIFEST).write_text(manifest.model_dump_json())

    assert load_manifest(tmp_path) == manifest


def test_the_same_builds_are_the_same_content_whatever_their_commits() -> None:
    manifest = a_manifest(a_component("one"), a_component("two"))
    publication = a_publication(published("two", commit="d" * 40), published("one"))

    assert manifest.serves(publication, URL, (FINGERPRINT,))


@pytest.mark.parametrize(
    "publication",
    [
        a_publication(published("one")),
        a_publication(published("one"), published("two", "1.1-1")),
        a_publication(published("one"), published("two"), published("three")),
        a_publication(published("one"), published("two"), title="Another"),
        a_publication(published("one"), published("two"), architecture="arm64"),
    ],
)
def test_other_builds_or_texts_are_a_change(publication: object) -> None:
    manifest = a_manifest(a_component("one"), a_component("two"))

    assert not manifest.serves(publication, URL, (FINGERPRINT,))


def test_another_address_or_key_is_a_change() -> None:
    manifest = a_manifest()

    assert not manifest.serves(a_publication(), "http://elsewhere.example.invalid", (FINGERPRINT,))
    assert not manifest.serves(a_publication(), URL, ("another key",))
    assert not manifest.serves(a_publication(), URL, (FINGERPRINT, "another key"))


@pytest.mark.parametrize("text", [None, "", "{}", "[]"])
def test_a_damaged_snapshot_is_named(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / MANIFEST).write_text(text)

    with pytest.raises(PublishError, match=str(tmp_path / MANIFEST)):
        load_manifest(tmp_path)
