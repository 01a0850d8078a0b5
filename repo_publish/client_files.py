"""What a snapshot says to its users: client configuration, mirror lists, a page."""

from __future__ import annotations

import time
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from farm.model import Family
from repo_publish.line import SNAPSHOTS
from repo_publish.manifest import Manifest
from repo_publish.yum import REPOSITORIES

PAGE = "index.html"
MIRRORLIST = "mirrorlist"
KEY_ASCII = "farm.asc"
KEY_BINARY = "farm.gpg"
CONFIGURATION = {Family.DEB: "farm.sources", Family.RPM: "farm.repo"}

_templates = Environment(
    loader=PackageLoader("repo_publish"),
    autoescape=select_autoescape(["html.j2"]),
    undefined=StrictUndefined,
    keep_trailing_newline=True,
)


def write_client_files(manifest: Manifest, tree: Path) -> None:
    """Write the configuration file of the family, its page, and for rpm the mirror lists.

    `tree` has the public key already.
    """
    for name, text in client_files(manifest, (tree / KEY_ASCII).read_text()).items():
        (tree / name).write_text(text)


def client_files(manifest: Manifest, key: str) -> dict[str, str]:
    """The same as name -> text; `key` is the armoured public key."""
    values = {
        "title": manifest.title,
        "channel": manifest.channel,
        "distro": manifest.distro,
        "family": manifest.family.value,
        "architecture": manifest.architecture,
        "number": manifest.number,
        "published": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(manifest.timestamp)),
        "base": f"{manifest.url}/{manifest.channel}/{manifest.distro}",
        "snapshot": snapshot_url(manifest),
        "fingerprint": manifest.signing_key,
        "key_lines": key.strip().splitlines(),
        "components": manifest.components,
    }
    configuration = CONFIGURATION[manifest.family]
    files = {
        name: _templates.get_template(f"{name}.j2").render(values) for name in (configuration, PAGE)
    }
    if manifest.family is Family.RPM:
        files |= mirrorlists(manifest)
    return files


def mirrorlists(manifest: Manifest) -> dict[str, str]:
    """A mirror list for each repository, naming this snapshot alone.

    dnf reads repomd.xml and its signature in two requests; below an address that never changes,
    a publication between the two cannot pair one snapshot's file with another's signature.
    """
    return {
        (Path(directory) / MIRRORLIST).as_posix(): (
            f"{snapshot_url(manifest)}/" + ("" if directory == "." else f"{directory}/") + "\n"
        )
        for directory in REPOSITORIES.values()
    }


def snapshot_url(manifest: Manifest) -> str:
    """The snapshot's lasting address."""
    return f"{manifest.url}/{SNAPSHOTS}/{manifest.channel}/{manifest.distro}/{manifest.number}"
