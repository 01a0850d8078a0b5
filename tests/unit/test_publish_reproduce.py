"""Finding what a published package was made from, and comparing what is made of it again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from farm.errors import FarmError
from farm.local.rebuild import source_version
from farm.version import SourceVersion
from repo_publish.errors import PublishError
from repo_publish.manifest import MANIFEST, ManifestInput
from repo_publish.reproduce import Snapshot, compare, component_of, inputs_of
from tests.manifests import a_component, a_file, a_manifest


@pytest.mark.parametrize(
    ("version", "suffix", "parts"),
    [
        ("1.0-1~deb12", "~deb12", SourceVersion("1.0")),
        ("1:1.0+git2.gabc-1~deb12+r3", "~deb12", SourceVersion("1.0+git2.gabc", 3)),
        ("1.0-1.el9.2", ".el9", SourceVersion("1.0", 2)),
    ],
)
def test_a_version_is_taken_apart(version: str, suffix: str, parts: SourceVersion) -> None:
    assert source_version(version, suffix) == parts


@pytest.mark.parametrize("version", ["1.0-2~deb12", "1.0", "1.0-1~deb13", "1.0-1~deb12ubuntu1"])
def test_other_peoples_versions_are_refused(version: str) -> None:
    with pytest.raises(FarmError, match="is no version that the farm gives"):
        source_version(version, "~deb12")


def test_a_package_is_found_by_its_name_or_its_components() -> None:
    manifest = a_manifest(a_component("ogg", a_file("libogg0")), a_component("vorbis"))
    assert component_of(manifest, "libogg0").component == "ogg"
    assert component_of(manifest, "vorbis").component == "vorbis"
    with pytest.raises(PublishError, match="no package and no component libfoo"):
        component_of(manifest, "libfoo")


def test_a_build_is_given_what_it_saw_and_no_debug_packages() -> None:
    base = a_component("base", a_file("base"), a_file("base-dbgsym"), a_file("base", kind="source"))
    wanted = {"base": ManifestInput(key=base.key, version="1.0")}
    app = a_component("app").model_copy(update={"inputs": wanted})
    found = [(name, file.package) for name, file in inputs_of(a_manifest(base, app), app)]
    assert found == [("base", "base")]


def test_another_build_of_an_input_is_not_taken_for_it() -> None:
    wanted = {"base": ManifestInput(key="e" * 64, version="0.9")}
    app = a_component("app").model_copy(update={"inputs": wanted})
    with pytest.raises(PublishError, match=r"was built with base 0\.9, which this snapshot"):
        list(inputs_of(a_manifest(a_component("base"), app), app))


def test_packages_are_compared_as_they_were_before_signing() -> None:
    signed = a_file("app").model_copy(update={"built_sha256": "b" * 64})
    other = a_file("app-doc")
    component = a_component("app", signed, other)
    made = {signed.filename: "b" * 64, other.filename: "c" * 64}
    found = compare(component, made, "root")
    assert (found.same, found.different, found.missing) == (
        (signed.filename,),
        (other.filename,),
        (),
    )
    assert not found.identical
    assert compare(component, {}, "root").missing == tuple(sorted(made))


def test_files_are_checked_against_the_manifest(tmp_path: Path) -> None:
    content = b"package"
    file = a_file("app").model_copy(update={"sha256": hashlib.sha256(content).hexdigest()})
    manifest = a_manifest(a_component("app", file))
    (tmp_path / MANIFEST).write_text(manifest.model_dump_json())
    into = tmp_path / "into"
    into.mkdir()
    snapshot = Snapshot(str(tmp_path))
    with pytest.raises(PublishError, match="is missing"):
        snapshot.fetch(file, into)
    target = tmp_path / file.path
    target.parent.mkdir(parents=True)
    target.write_bytes(content)
    assert snapshot.fetch(file, into).read_bytes() == content
    target.write_bytes(b"other")
    with pytest.raises(PublishError, match="has other bytes"):
        snapshot.fetch(file, into)
