"""The SBOM of a snapshot, checked against CycloneDX's own schema."""

from __future__ import annotations

import json
import warnings
from typing import Any

import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.validation.json import JsonStrictValidator

from repo_publish import sbom
from repo_publish.manifest import Manifest, ManifestComponent, ManifestInput
from repo_publish.sbom import SCHEMA, purl, sbom_text
from tests.manifests import a_component, a_file, a_manifest, key_of

VALIDATOR = JsonStrictValidator(SCHEMA)


def component(name: str, version: str = "1.0-1", *inputs: str, **changes: object):
    files = (a_file(name, version), a_file(f"{name}-dev", version))
    values: dict[str, object] = {
        "git": f"git@git.example.org:team/{name}.git",
        "licence": "BSD-3-Clause",
        "inputs": {one: ManifestInput(key=key_of(one), version="1.0-1") for one in inputs},
    }
    made = a_component(name, *files, a_file(name, version, kind="source"), version=version)
    return made.model_copy(update={**values, **changes})


def read(text: str) -> dict[str, Any]:
    """The document, which the schema and the library's own reader accept."""
    assert VALIDATOR.validate_str(text) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Bom.from_json(json.loads(text)).validate()
    found: dict[str, Any] = json.loads(text)
    return found


def snapshot(*components: ManifestComponent, **changes: object) -> Manifest:
    return a_manifest(*components, **changes)


def test_every_package_is_listed_with_its_digest_and_url() -> None:
    made = snapshot(component("libogg"))

    document = read(sbom_text(made))

    (entry,) = document["components"]
    assert (entry["name"], entry["version"]) == ("libogg", "1.0-1")
    assert entry["licenses"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert entry["pedigree"]["commits"][0]["uid"] == "c" * 40
    packages = {package["bom-ref"]: package for package in entry["components"]}
    assert sorted(packages) == [
        "libogg-dev_1.0-1_all.deb",
        "libogg_1.0-1.dsc",
        "libogg_1.0-1_all.deb",
    ]
    assert packages["libogg_1.0-1_all.deb"]["purl"] == (
        "pkg:deb/farm/libogg@1.0-1?arch=all&distro=bookworm"
    )
    digests = {p["hashes"][0]["content"] for p in packages.values()}
    assert digests == {file.sha256 for file in made.files().values()}


def test_components_depend_on_what_they_were_built_with() -> None:
    document = read(
        sbom_text(snapshot(component("libogg"), component("libvorbis", "1.0-1", "libogg", "gone")))
    )

    needs = {one["ref"]: one.get("dependsOn", []) for one in document["dependencies"]}
    assert needs["libvorbis"] == ["libogg"]
    assert needs[document["metadata"]["component"]["bom-ref"]] == ["libogg", "libvorbis"]


def test_the_snapshot_is_named_and_dated() -> None:
    document = read(sbom_text(snapshot(component("libogg"))))

    assert document["metadata"]["component"]["name"] == "Farm: development/bookworm"
    assert document["metadata"]["component"]["version"] == "7"
    assert document["metadata"]["timestamp"].startswith("2023-11-14T22:13:20")
    assert document["serialNumber"] != read(sbom_text(snapshot(number=8)))["serialNumber"]


@pytest.mark.parametrize("licence", ["MIT", "MIT OR Apache-2.0", "Some words", ""])
def test_licences_as_components_yml_has_them(licence: str) -> None:
    read(sbom_text(snapshot(component("lib", licence=licence))))


def test_an_empty_archive_has_an_sbom() -> None:
    assert read(sbom_text(snapshot()))["components"] == []


def test_entries_of_the_snapshot_before_are_kept_and_others_made_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = sbom_text(snapshot(component("same"), component("changes"), component("goes")))
    made: list[str] = []
    original = sbom._component
    monkeypatch.setattr(
        sbom, "_component", lambda build, m: made.append(build.component) or original(build, m)
    )
    now = snapshot(component("same"), component("changes", "2.0-1"), component("comes"), number=8)

    document = read(sbom_text(now, before))

    assert made == ["changes", "comes"]
    monkeypatch.undo()
    assert document == read(sbom_text(now))


def test_an_sbom_that_cannot_be_read_is_no_obstacle() -> None:
    now = snapshot(component("same"))

    assert sbom_text(now, "{ damaged") == sbom_text(now, '{"components": [1]}') == sbom_text(now)


def test_package_urls_of_rpms_have_the_epoch_apart() -> None:
    file = a_file("app").model_copy(update={"version": "1:2.0-1.el9", "architecture": "x86_64"})
    manifest = a_manifest(family="rpm", distro="el9", title="My Farm")

    assert str(purl(file, manifest)) == (
        "pkg:rpm/my-farm/app@2.0-1.el9?arch=x86_64&distro=el9&epoch=1"
    )
