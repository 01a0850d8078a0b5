"""The SBOM of a snapshot: every component with its packages and what it was built with.

CycloneDX, made by its own library a few components at a time: for whole archives the library's
time grows with the square of their number. Entries of builds that the snapshot before has are
taken from its SBOM.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    Property,
    XsUri,
)
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Commit, Component, ComponentType, Pedigree
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from farm.model import Family
from repo_publish.manifest import Manifest, ManifestComponent, ManifestFile
from repo_publish.provenance import build_uri, repository_uri

SBOM = "sbom.cdx.json"
SCHEMA = SchemaVersion.V1_6

_AT_ONCE = 100
_BUILD = "farm:build"


def sbom_text(manifest: Manifest, before: str = "") -> str:
    """The SBOM of a snapshot, as JSON text.

    :param before: the SBOM of the snapshot before it.
    """
    known = _entries(before)
    builds = {c.component: c for c in manifest.components}
    entries = {
        name: known[name]
        for name, build in builds.items()
        if name in known and _is_of(known[name], build)
    }
    new = [build for name, build in builds.items() if name not in entries]
    for start in range(0, len(new), _AT_ONCE):
        some = new[start : start + _AT_ONCE]
        made = _written(Bom(components=[_component(build, manifest) for build in some]))
        entries |= {entry["bom-ref"]: entry for entry in made["components"]}
    text = _written(_header(manifest))
    text["components"] = [entries[name] for name in sorted(entries)]
    text["dependencies"] = _dependencies(text["metadata"]["component"]["bom-ref"], builds)
    return json.dumps(text, separators=(",", ":")) + "\n"


def _header(manifest: Manifest) -> Bom:
    line = f"{manifest.channel}/{manifest.distro}"
    return Bom(
        serial_number=uuid5(NAMESPACE_URL, f"{manifest.url}/{manifest.lasting_path}"),
        metadata=BomMetaData(
            timestamp=datetime.fromtimestamp(manifest.timestamp, UTC),
            component=Component(
                type=ComponentType.PLATFORM,
                name=f"{manifest.title}: {line}",
                version=str(manifest.number),
                bom_ref=f"{line}/{manifest.number}",
            ),
        ),
    )


def _component(build: ManifestComponent, manifest: Manifest) -> Component:
    url = XsUri(repository_uri(build.git)) if build.git else None
    return Component(
        type=ComponentType.APPLICATION,
        name=build.component,
        version=build.version,
        bom_ref=build.component,
        licenses=[LicenseFactory().make_from_string(build.licence)] if build.licence else [],
        external_references=[ExternalReference(type=ExternalReferenceType.VCS, url=url)]
        if url
        else [],
        pedigree=Pedigree(commits=[Commit(uid=build.commit, url=url)]),
        properties=[Property(name=_BUILD, value=build_uri(build.key))],
        components=[_package(file, manifest) for file in build.files if _is_package(file)],
    )


def _package(file: ManifestFile, manifest: Manifest) -> Component:
    source = file.kind == "source"
    return Component(
        type=ComponentType.FILE if source else ComponentType.APPLICATION,
        name=file.package,
        version=file.version,
        bom_ref=file.filename,
        purl=purl(file, manifest),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=file.sha256)],
    )


def purl(file: ManifestFile, manifest: Manifest) -> PackageURL:
    """The package URL of a package (https://github.com/package-url/purl-spec)."""
    vendor = re.sub(r"[^a-z0-9]+", "-", manifest.title.lower()).strip("-") or "farm"
    qualifiers = {"arch": file.architecture, "distro": manifest.distro}
    version = file.version
    if manifest.family is Family.RPM:
        epoch, colon, rest = version.partition(":")
        if colon:
            qualifiers["epoch"], version = epoch, rest
        if file.kind == "source":
            qualifiers["arch"] = "src"
    return PackageURL(manifest.family.value, vendor, file.package, version, qualifiers)


def _is_package(file: ManifestFile) -> bool:
    """Tarballs and patches are part of the source package that the .dsc stands for."""
    return file.kind == "binary" or file.filename.endswith((".dsc", ".src.rpm"))


def _is_of(entry: Mapping[str, Any], build: ManifestComponent) -> bool:
    properties = {p["name"]: p["value"] for p in entry.get("properties", ())}
    commits = [commit["uid"] for commit in entry.get("pedigree", {}).get("commits", ())]
    return properties.get(_BUILD) == build_uri(build.key) and commits == [build.commit]


def _dependencies(top: str, builds: Mapping[str, ManifestComponent]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{"ref": top, "dependsOn": sorted(builds)}]
    for name, build in sorted(builds.items()):
        inputs = [one for one in sorted(build.inputs) if one in builds]
        found.append({"ref": name, "dependsOn": inputs} if inputs else {"ref": name})
    return found


def _written(bom: Bom) -> dict[str, Any]:
    outputter = make_outputter(bom, OutputFormat.JSON, SCHEMA)
    made: dict[str, Any] = json.loads(outputter.output_as_string())
    return made


def _entries(text: str) -> dict[str, dict[str, Any]]:
    try:
        return {entry["bom-ref"]: entry for entry in json.loads(text)["components"]}
    except (ValueError, KeyError, TypeError):
        return {}
