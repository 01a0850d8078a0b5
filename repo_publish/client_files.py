"""What a snapshot says to its users: client configuration, mirror lists, the front page."""

from __future__ import annotations

from pathlib import Path

from farm.model import Family
from repo_publish.front_page import Surroundings, front_page
from repo_publish.manifest import Manifest
from repo_publish.rendering import render
from repo_publish.yum import REPOSITORIES

PAGE = "index.html"
MIRRORLIST = "mirrorlist"
KEY_ASCII = "farm.asc"
KEY_BINARY = "farm.gpg"
CONFIGURATION = {Family.DEB: "farm.sources", Family.RPM: "farm.repo"}


def write_client_files(manifest: Manifest, tree: Path, surroundings: Surroundings) -> None:
    """Write the configuration file of the family, its page, and for rpm the mirror lists.

    `tree` has the public key already.
    """
    key = (tree / KEY_ASCII).read_text()
    for name, text in client_files(manifest, key, surroundings).items():
        (tree / name).write_text(text)


def client_files(
    manifest: Manifest, key: str, surroundings: Surroundings | None = None
) -> dict[str, str]:
    """The same as name -> text; `key` is the armoured public key."""
    name = CONFIGURATION[manifest.family]
    configuration = render(
        f"{name}.j2",
        title=manifest.title,
        channel=manifest.channel,
        distro=manifest.distro,
        architecture=manifest.architecture,
        base=f"{manifest.url}/{manifest.channel}/{manifest.distro}",
        key_lines=key.strip().splitlines(),
    )
    page = front_page(
        manifest, configuration=configuration, surroundings=surroundings or Surroundings()
    )
    lists = mirrorlists(manifest) if manifest.family is Family.RPM else {}
    return {name: configuration, PAGE: page, **lists}


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
    return f"{manifest.url}/{manifest.lasting_path}"
