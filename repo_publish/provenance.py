"""Where each build came from, as an in-toto statement with SLSA provenance, signed.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md and
https://slsa.dev/spec/v1.0/provenance. The statement is signed beside it, with the archive's own
key: who can install from the archive has that key and gpgv already, and needs neither a second
key nor another tool, which an envelope (DSSE) would ask for.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from pathlib import Path
from typing import Any

from repo_publish.content import KEY_DIGITS
from repo_publish.manifest import Extra, Manifest, ManifestComponent
from repo_publish.signers import Signer

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:x-farm:build:v1"
"""What the parameters mean: docs/archives.md."""
DIRECTORY = "provenance"
"""Of a snapshot, for the statements of its builds."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SCP = re.compile(r"(?P<host>[^/:@]+@[^/:]+):(?P<path>.+)")


def write_statements(manifest: Manifest, tree: Path, signer: Signer) -> Manifest:
    """Write and sign the statements of builds that have none yet; the manifest with all of them.

    A statement is written once for a build and signing key, and is never changed: it has the time
    of its first snapshot for good.
    """
    components = []
    for build in manifest.components:
        if build.provenance is None:
            text = statement(build, distro=manifest.distro, builder=manifest.url)
            path = f"{DIRECTORY}/{build.component}_{build.key[:KEY_DIGITS]}.intoto.json"
            extra = written(tree, path, text)
            signer.detach(tree / path, tree / signature_of(path))
            for name in (path, signature_of(path)):
                os.utime(tree / name, (manifest.timestamp, manifest.timestamp))
            build = build.model_copy(update={"provenance": extra})
        components.append(build)
    return manifest.model_copy(update={"components": tuple(components)})


def written(tree: Path, path: str, text: str) -> Extra:
    """Write a file of a snapshot; what the manifest says of it."""
    data = text.encode()
    (tree / path).parent.mkdir(parents=True, exist_ok=True)
    (tree / path).write_bytes(data)
    return Extra(path=path, sha256=hashlib.sha256(data).hexdigest(), size=len(data))


def signature_of(path: str) -> str:
    """Where the signature of a statement, or of the SBOM, is."""
    return f"{path}.asc"


def statement(build: ManifestComponent, *, distro: str, builder: str) -> str:
    """The statement of one build, as JSON text: what its packages were made from, and how.

    :param distro: what it was built for.
    :param builder: URI of who built: the farm's archive.
    """
    source = _source(build)
    dependencies: list[dict[str, Any]] = [source]
    if _SHA256.fullmatch(build.root_identity):
        dependencies.append({"name": "root", "digest": {"sha256": build.root_identity}})
    dependencies += [
        {"name": name, "uri": build_uri(used.key), "annotations": {"version": used.version}}
        for name, used in sorted(build.inputs.items())
    ]
    metadata = {"invocationId": build_uri(build.key)}
    if build.finished:
        metadata |= {"startedOn": _moment(build.started), "finishedOn": _moment(build.finished)}
    run: dict[str, Any] = {"builder": {"id": builder}, "metadata": metadata}
    if build.log:
        run["byproducts"] = [{"name": "log", "digest": {"sha256": build.log.sha256}}]
    said = {
        "_type": STATEMENT,
        "subject": [
            {"name": file.filename, "digest": {"sha256": file.sha256}} for file in build.files
        ],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "component": build.component,
                    "source": source,
                    "directory": build.directory,
                    "distro": distro,
                },
                "internalParameters": {"buildKey": build.key, "tests": build.tests},
                "resolvedDependencies": dependencies,
            },
            "runDetails": run,
        },
    }
    return json.dumps(said, indent=1) + "\n"


def _source(build: ManifestComponent) -> dict[str, Any]:
    source: dict[str, Any] = {"name": build.component}
    if build.git:
        source["uri"] = f"git+{repository_uri(build.git)}"
    if build.commit:
        source["digest"] = {"gitCommit": build.commit}
    return source


def build_uri(key: str) -> str:
    """The name of a build in statements."""
    return f"urn:x-farm:build:{key}"


def repository_uri(git: str) -> str:
    """A clone URL as a URI: git also takes ``user@host:path`` and plain directories."""
    if match := _SCP.fullmatch(git):
        return f"ssh://{match['host']}/{match['path'].lstrip('/')}"
    return f"file://{git}" if git.startswith("/") else git


def _moment(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
