"""`farm reproduce`: packages of both families are built again from a snapshot, bit by bit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from farm.job.model import BuildResult, PoolFile
from farm.model import Family
from repo_publish.manifest import MANIFEST, ManifestComponent, ManifestFile, ManifestInput
from tests.manifests import a_manifest
from tests.real.cache import CACHE
from tests.real.test_local_packages import FARM, built, stack

pytestmark = pytest.mark.real

__all__ = ["stack"]


def lay_out(stack: Path, distro: str, family: Family) -> Path:
    """A snapshot of what `farm deb` or `farm rpm` built of both components."""
    snapshot = stack / f"snapshot-{distro}"
    library = published(stack / f"packages/{distro}/tinylib", snapshot, "tinylib", {})
    inputs = {"tinylib": ManifestInput(key=library.key, version=library.version)}
    program = published(stack / f"packages/{distro}/tinyapp", snapshot, "tinyapp", inputs)
    architecture = "amd64" if family is Family.DEB else os.uname().machine
    manifest = a_manifest(library, program, distro=distro, family=family, architecture=architecture)
    (snapshot / MANIFEST).write_text(manifest.model_dump_json())
    return snapshot


def published(
    built: Path, snapshot: Path, name: str, inputs: dict[str, ManifestInput]
) -> ManifestComponent:
    result = BuildResult.model_validate_json((built / "result.json").read_bytes())
    wanted = [file for file in result.files if file.kind in ("binary", "source")]
    snapshot.mkdir(exist_ok=True)
    for file in wanted:
        shutil.copy(built / file.filename, snapshot)
    return ManifestComponent(
        component=name,
        commit=result.commit,
        key=result.key,
        version=result.version,
        files=tuple(map(in_manifest, wanted)),
        inputs=inputs,
        root_identity=result.root_identity,
    )


def in_manifest(file: PoolFile) -> ManifestFile:
    return ManifestFile.model_validate(
        {
            "path": file.filename,
            "kind": file.kind,
            "package": file.package,
            "version": file.version,
            "architecture": file.architecture,
            "sha256": file.sha256,
            "size": file.size,
        }
    )


def reproduce(stack: Path, snapshot: Path, package: str) -> tuple[int, dict[str, list[str]]]:
    done = subprocess.run(
        [FARM, "reproduce", snapshot, package, "--json"],
        cwd=stack,
        env={**os.environ, "FARM_CACHE": str(CACHE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize(("family", "distro"), [("deb", "bookworm"), ("rpm", "demo-rpm")])
def test_a_program_is_built_again_with_the_packages_of_its_snapshot(
    stack: Path, family: str, distro: str
) -> None:
    for component in ("tinylib", "tinyapp"):
        assert component in built(stack, family, component)
    snapshot = lay_out(stack, distro, Family(family))

    status, found = reproduce(stack, snapshot, "tinyapp")
    assert (status, found["different"], found["missing"]) == (0, [], [])
    assert any(name.startswith("tinyapp") for name in found["same"])

    # Somebody publishes other bytes than the source gives.
    manifest = json.loads((snapshot / MANIFEST).read_text())
    package = next(f for f in manifest["components"][1]["files"] if f["package"] == "tinyapp")
    package["built_sha256"] = "0" * 64
    (snapshot / MANIFEST).write_text(json.dumps(manifest))
    status, found = reproduce(stack, snapshot, "tinyapp")
    assert (status, found["different"]) == (1, [package["path"]])
