"""Releases: an immutable archive for each distro, made of a snapshot without building anything."""

from __future__ import annotations

import fcntl
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from repo_publish.admission import publication_of
from repo_publish.assembly import Assembly
from repo_publish.content import collect
from repo_publish.errors import PublishError
from repo_publish.failures import explained
from repo_publish.files import sync_file, sync_filesystem
from repo_publish.keys import Keys
from repo_publish.line import RELEASES, STATE, Line, archive_lock, line_of, lines
from repo_publish.live import Kept, Live, kept
from repo_publish.manifest import Manifest, Origin, load_manifest
from repo_publish.model import Snapshot
from repo_publish.overview import write_overview
from repo_publish.publisher import Purpose, Stores, next_timestamp, publish_locked
from repo_publish.verify import verify_snapshot

STABLE = "stable-"
"""Begins the name of the channel that takes a release's fixes."""

_VERSION = re.compile(r"[0-9][0-9a-z]*(?:[.-][0-9a-z]+)*")


@dataclass(frozen=True)
class Released:
    """A release for one distro."""

    release: str
    distro: str
    tree: Path
    manifest: Manifest


def checked_release(name: str) -> str:
    """The name itself, which is then safe in paths and URLs.

    :raises PublishError: it is not one.
    """
    if not _VERSION.fullmatch(name):
        raise PublishError(f"{name!r} is not a release: expected a version such as 1.2 or 2.0-rc1")
    return name


def releases(archive: Path) -> list[Released]:
    """Every release of an archive, by name and distro.

    :raises PublishError: one is damaged.
    """
    trees = sorted(
        tree
        for tree in (archive / RELEASES).glob("*/*")
        if tree.is_dir() and _VERSION.fullmatch(tree.parent.name)
    )
    return [Released(t.parent.name, t.name, t, load_manifest(t)) for t in trees]


def snapshots_to_release(
    archive: Path, channel: str, wanted: Mapping[str, int], default: int | None
) -> dict[str, int]:
    """Which snapshot of each distro a release is made of.

    :param wanted: distro to number; where it names any, and `default` is None, only these are
        released.
    :param default: for all other distros of the channel; None is the live snapshot.
    :raises PublishError: the channel has no such distro, or nothing at all.
    """
    there = {line.distro: line for line in lines(archive) if line.channel == channel}
    if unknown := sorted(wanted.keys() - there.keys()):
        raise PublishError(f"{channel} has no {', '.join(unknown)}; it has {', '.join(there)}")
    if not there:
        raise PublishError(f"nothing is published in {channel} yet")
    if wanted and default is None:
        return dict(wanted)
    return {
        distro: wanted.get(distro) or default or line.live() or 0 for distro, line in there.items()
    }


def address_of(archive: Path, channel: str) -> str:
    """The address under which a channel is published.

    :raises PublishError: nothing is.
    """
    for line in lines(archive):
        if line.channel == channel:
            return load_manifest(line.link.resolve()).url
    raise PublishError(f"nothing is published in {channel} yet")


def release(
    archive: Path,
    name: str,
    channel: str,
    snapshots: Mapping[str, int],
    stores: Stores,
    log: TextIO,
) -> list[Released]:
    """Publish ``releases/<name>/<distro>`` for every distro of `snapshots`, all with one rename.

    Packages and their sources are those of the snapshots; indices, manifest and signatures are
    made anew for their address, which never changes again.

    :param snapshots: distro to number of its snapshot.
    :raises PublishError: there is such a release, or no such snapshot; nothing is changed.
    :raises InfrastructureError: full disk …: worth a retry.
    :raises VerifyError: a finished tree is not what a client would accept.
    """
    archive = archive.absolute()
    target = archive / RELEASES / checked_release(name)
    distros = sorted(snapshots)
    sources = [line_of(archive, channel, distro) for distro in distros]
    with (
        explained(sources[0]),
        archive_lock(archive, exclusive=False),
        _scratch(archive) as scratch,
    ):
        if target.exists():
            raise PublishError(f"release {name} is there already, and a release never changes")
        finished = scratch / "finished"
        finished.mkdir()
        for source in sources:
            work = scratch / "work" / source.distro
            work.mkdir(parents=True)
            tree = _tree(name, source, snapshots[source.distro], stores, work, log)
            tree.rename(finished / source.distro)
        sync_filesystem(scratch)
        target.parent.mkdir(exist_ok=True)
        finished.rename(target)
        sync_file(target.parent)
        write_overview(sources[0], log)
    print(f"release {name} is published for {', '.join(distros)}", file=log)
    return [one for one in releases(archive) if one.release == name]


def uneven(released: Sequence[Released]) -> dict[str, dict[str, str]]:
    """Components whose commit is not the same on all distros: component -> distro -> commit."""
    commits: dict[str, dict[str, str]] = {}
    for one in released:
        for component in one.manifest.components:
            commits.setdefault(component.component, {})[one.distro] = component.commit
    return {name: by for name, by in sorted(commits.items()) if len(set(by.values())) > 1}


def start_stable(archive: Path, name: str, stores: Stores, log: TextIO) -> list[Snapshot]:
    """Publish ``stable-<name>`` for every distro of a release, with exactly its packages.

    A line that has been published already is left alone.

    :raises PublishError: there is no such release.
    """
    archive = archive.absolute()
    found = [one for one in releases(archive) if one.release == checked_release(name)]
    if not found:
        raise PublishError(f"there is no release {name}")
    started = []
    for one in found:
        line = line_of(archive, f"{STABLE}{name}", one.distro)
        if line.live() is None:
            started.append(publish_from(Kept(one.manifest, one.tree), line, stores, log))
    return started


def publish_from(source: Kept, line: Line, stores: Stores, log: TextIO) -> Snapshot:
    """Publish the content of a snapshot (or release) on another line, without building anything.

    All of it or nothing: what the gate would hold back there is refused.

    :raises PublishError: as `repo_publish.publisher.publish`.
    """
    there = source.manifest
    wanted = publication_of(there).model_copy(update={"channel": line.channel})
    origin = Origin(channel=there.channel, distro=there.distro, snapshot=there.number)
    purpose = Purpose(others=(source,), origin=origin, whole=True)
    with archive_lock(line.archive, exclusive=False):
        return publish_locked(line, lambda live: (wanted, purpose), stores, log)


def _tree(name: str, source: Line, number: int, stores: Stores, work: Path, log: TextIO) -> Path:
    """One distro's finished tree below `work`."""
    there = kept(source, number)
    line = Line(source.archive, f"{RELEASES}/{name}", source.distro)
    publication = publication_of(there.manifest).model_copy(update={"channel": line.channel})
    # What the snapshot was assembled with is still good: nothing in it changes.
    start = Live(there.manifest, there.tree, source.database(number))
    contents = collect(publication, pool=None, live=there)
    keys = stores.keyring.keys(log)
    assembly = Assembly(publication, line, start, stores.keyring, work, log)
    contents = list(assembly.packages(contents, lambda _: None))
    manifest = _manifest(there.manifest, name, line, stores, keys)
    assembly.finish(manifest, contents, keys, earlier=())
    verify_snapshot(assembly.tree, work=work)
    return assembly.tree


def _manifest(source: Manifest, name: str, line: Line, stores: Stores, keys: Keys) -> Manifest:
    origin = Origin(channel=source.channel, distro=source.distro, snapshot=source.number)
    return source.model_copy(
        update={
            "channel": line.channel,
            "url": stores.url,
            "previous": None,
            "timestamp": next_timestamp(0),
            "signing_key": keys.current.fingerprint,
            "signing_keys": keys.fingerprints,
            "key_expires": keys.current.expires,
            "origin": origin,
            "release": name,
            "rollback": None,
            "refused": {},
            "held_back": (),
        }
    )


@contextmanager
def _scratch(archive: Path) -> Iterator[Path]:
    """A directory for one release in the making; one at a time, and without leftovers of others."""
    state = archive / STATE / RELEASES
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        for leftover in state.glob("scratch-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        path = Path(tempfile.mkdtemp(prefix="scratch-", dir=state))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)
