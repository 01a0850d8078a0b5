"""Provenance and SBOM of what is published, read by gpgv and the libraries of their formats."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf import json_format
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage

from repo_publish.errors import VerifyError
from repo_publish.manifest import load_manifest
from repo_publish.releases import release
from repo_publish.sbom import SBOM, SCHEMA
from repo_publish.verify import verify_snapshot
from tests.archive_clients import Farm, add_package, run_client

pytestmark = pytest.mark.real

FAMILIES = pytest.mark.parametrize("family", ["deb", "rpm"])


@pytest.fixture
def farm(family: str, tmp_path: Path) -> Farm:
    farm = Farm(tmp_path, family)
    for name in ("liblib", "app"):
        add(farm, name, "1.0")
    farm.publish()
    add(farm, "liblib", "2.0")
    farm.publish()
    return farm


@FAMILIES
def test_every_build_has_a_statement_that_gpgv_and_in_toto_accept(farm: Farm) -> None:
    for component in load_manifest(farm.live).components:
        assert component.provenance
        path = farm.live / component.provenance.path
        assert gpgv(farm, path) == 0
        statement = Statement.copy_from_pb(json_format.Parse(path.read_text(), StatementMessage()))
        statement.validate()
        subjects = {s.name: s.digest["sha256"] for s in statement.pb.subject}
        assert subjects == {file.filename: file.sha256 for file in component.files}


@FAMILIES
def test_a_statement_is_the_same_file_wherever_its_build_is_published(farm: Farm) -> None:
    with Path(os.devnull).open("w") as log:
        release(farm.archive, "1.0", "development", {farm.distro: 2}, farm.stores, log)
    (app, lib) = load_manifest(farm.live).components
    first, released = farm.line.snapshot(1), farm.archive / "releases/1.0" / farm.distro

    for ending in ("", ".asc"):
        assert (farm.live / f"{app.provenance.path}{ending}").samefile(
            first / f"{app.provenance.path}{ending}"
        )
        assert (farm.live / f"{lib.provenance.path}{ending}").samefile(
            released / f"{lib.provenance.path}{ending}"
        )
    assert not (first / lib.provenance.path).exists()
    verify_snapshot(released, keys=farm.live)


@FAMILIES
def test_each_snapshot_has_a_signed_sbom(farm: Farm) -> None:
    for number in farm.line.numbers():
        tree = farm.line.snapshot(number)
        assert gpgv(farm, tree / SBOM) == 0
        text = (tree / SBOM).read_text()
        assert JsonStrictValidator(SCHEMA).validate_str(text) is None
        listed = {
            package["bom-ref"]: package["hashes"][0]["content"]
            for component in json.loads(text)["components"]
            for package in component["components"]
        }
        digests = {f.filename: f.sha256 for f in load_manifest(tree).files().values()}
        assert listed.items() <= digests.items()
        assert len(listed) == 4


@pytest.mark.parametrize("family", ["deb"])
@pytest.mark.parametrize("what", ["provenance", "provenance signature", "sbom"])
def test_what_was_changed_is_found(what: str, farm: Farm) -> None:
    manifest = load_manifest(farm.live)
    path = farm.live / (SBOM if what == "sbom" else manifest.components[0].provenance.path)
    if "signature" in what:
        path = path.with_name(f"{path.name}.asc")
        other = farm.live / f"{manifest.components[1].provenance.path}.asc"
        path.unlink()
        shutil.copy(other, path)
    else:
        changed = path.read_text().replace("1.0", "1.1", 1)
        path.unlink()
        path.write_text(changed)

    with pytest.raises(VerifyError, match=path.name.removesuffix(".asc")):
        verify_snapshot(farm.live)


def add(farm: Farm, name: str, version: str) -> None:
    add_package(farm, name, f"{version}-1~deb12" if farm.family == "deb" else version)


def gpgv(farm: Farm, path: Path) -> int:
    signature = path.with_name(f"{path.name}.asc")
    return run_client(["gpgv", "--keyring", farm.live / "farm.gpg", signature, path]).returncode
