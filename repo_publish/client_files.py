"""What a snapshot says to its users: client configuration, mirror lists, the front page."""

from __future__ import annotations

from pathlib import Path

from farm.model import Family
from repo_publish.front_page import Surroundings, front_page
from repo_publish.keys import Keys
from repo_publish.manifest import Manifest
from repo_publish.rendering import render
from repo_publish.yum import REPOSITORIES

PAGE = "index.html"
MIRRORLIST = "mirrorlist"
KEY_TRANSITION = "key-transition.txt"
KEY_ASCII = "farm.asc"
KEY_BINARY = "farm.gpg"
CONFIGURATION = {Family.DEB: "farm.sources", Family.RPM: "farm.repo"}


def write_client_files(
    manifest: Manifest, tree: Path, key: str, surroundings: Surroundings
) -> None:
    """Write the configuration file of the family, its page, and for rpm the mirror lists.

    :param key: the public keys that new clients are to trust, as one armoured block.
    """
    for name, text in client_files(manifest, key, surroundings).items():
        (tree / name).write_text(text)


def client_files(
    manifest: Manifest, key: str, surroundings: Surroundings | None = None
) -> dict[str, str]:
    """The same as name -> text."""
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


def key_transition(manifest: Manifest, keys: Keys) -> str:
    """What users are told while the signing key is replaced; empty when it is not."""
    if keys.next is None:
        return ""
    return render(
        f"{KEY_TRANSITION}.j2",
        title=manifest.title,
        base=f"{manifest.url}/{manifest.channel}/{manifest.distro}",
        deb=manifest.family is Family.DEB,
        since=keys.since,
        old=keys.current,
        new=keys.next,
    )


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
