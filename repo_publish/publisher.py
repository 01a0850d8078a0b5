"""Publishing: a new snapshot is built beside the live one and made live by one rename."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from farm.errors import InfrastructureError
from farm.model import Family
from repo_publish import apt, debs, rpms, rules, yum
from repo_publish.client_files import KEY_ASCII, KEY_BINARY, write_client_files
from repo_publish.content import Content, collect
from repo_publish.errors import PublishError
from repo_publish.failures import explained
from repo_publish.files import place_if_missing, sync_filesystem
from repo_publish.gate import hold_back
from repo_publish.keys import Keyring, Signer, SigningKey
from repo_publish.line import SNAPSHOTS, Line, line_of
from repo_publish.manifest import MANIFEST, Manifest, ManifestComponent, load_manifest
from repo_publish.model import Publication, Published, Snapshot
from repo_publish.relations import compare, read_builds
from repo_publish.release import write_release
from repo_publish.request import check_request
from repo_publish.rpm_signing import sign_packages
from repo_publish.verify import verify_snapshot

KEPT_SNAPSHOTS = 5
"""So many earlier snapshots' indices and packages stay reachable in a new one, for clients that
began with them."""
CLOCK_TOLERANCE_S = 60

_NAMED = 8


def publish(
    publication: Publication, *, pool: Path, archive: Path, keys: Path, url: str, log: TextIO
) -> Snapshot:
    """Make `publication` the live content of its line.

    `pool` holds the builds, `archive` is the directory that is served at `url`, `keys` the
    GnuPG home with the signing key (generated on first use). What happens is written to `log`.

    Publishing what is live already changes nothing. One publisher at a time works on a line, and
    a killed one leaves nothing that the next does not clean up. Whatever goes wrong, the live
    archive stays as it was.

    :raises PublishError: the publication would break the archive; nothing to retry.
    :raises InfrastructureError: full disk, wrong clock …: worth a retry.
    :raises VerifyError: the finished snapshot is not what a client would accept.
    """
    url = check_request(publication, url)
    line = line_of(archive.absolute(), publication.channel, publication.distro)
    with explained(line), line.lock(log):
        line.sweep()
        snapshot = _Publishing(publication, line, pool.absolute(), Keyring(keys), url, log).run()
        line.sweep()
    return snapshot


class _Publishing:
    """One call of `publish`, with the lock held."""

    def __init__(
        self,
        publication: Publication,
        line: Line,
        pool: Path,
        keyring: Keyring,
        url: str,
        log: TextIO,
    ):
        self.publication = publication
        self.line = line
        self.pool = pool
        self.keyring = keyring
        self.url = url
        self.log = log
        live_number = line.live()
        self.live_tree = line.snapshot(live_number) if live_number is not None else None
        self.live = load_manifest(self.live_tree) if self.live_tree is not None else None
        self.held_back: dict[str, str] = {}

    def run(self) -> Snapshot:
        """Publish unless the live snapshot has this content already."""
        with self.keyring.session(self.log) as signer:
            key = signer.key
        if self.live is not None:
            if self.live.signing_key != key.fingerprint:
                raise PublishError(
                    f"{self.line}: the signing key in {self.keyring.home} is {key.fingerprint}, "
                    f"but clients trust {self.live.signing_key}: put the old key back"
                )
            if self.live.serves(self.publication, self.url, key.fingerprint):
                return self._snapshot(self.live.number, changed=False)
        contents = self._collect()
        order = _compare(self.publication.family)
        self._refuse(rules.ownership_problems(contents))
        self._refuse(rules.version_problems(contents, self.live, order))
        contents = self._through_the_gate(contents)
        if self.live and self.live.serves(self.publication, self.url, key.fingerprint):
            return self._snapshot(self.live.number, changed=False)
        number = (self.live.number if self.live else 0) + 1
        self._say(f"snapshot {number}: {_summary(contents)}")
        with self.line.scratch() as work, explained(self.line):
            self._build(contents, key, number, work)
        self._say(f"snapshot {number} is live")
        return self._snapshot(number, changed=True)

    def _through_the_gate(self, contents: list[Content]) -> list[Content]:
        """The wanted packages, without those that would break what is installable now."""
        wanted = {
            content.published.component: [
                (p.file.path, p.origin) for p in content.files if p.file.kind == "binary"
            ]
            for content in contents
        }
        live: dict[str, list[tuple[str, Path]]] = {}
        if self.live is not None and self.live_tree is not None:
            for published in self.live.components:
                binaries = [file.path for file in published.files if file.kind == "binary"]
                live[published.component] = [(path, self.live_tree / path) for path in binaries]
        family = self.publication.family
        self.held_back = hold_back(
            read_builds(wanted, family, self.live_tree),
            read_builds(live, family, self.live_tree),
            lambda one, other: compare(family, one, other),
        )
        if not self.held_back:
            return contents
        for component, reason in self.held_back.items():
            self._say(f"{component} is held back: {reason}")
        kept = {c.component: c for c in self.live.components} if self.live else {}
        packages = [p for p in self.publication.packages if p.component not in self.held_back]
        packages += [
            Published(component=name, key=one.key, commit=one.commit, reason=one.reason)
            for name in self.held_back
            if (one := kept.get(name))
        ]
        self.publication = self.publication.model_copy(update={"packages": tuple(packages)})
        return self._collect()

    def _collect(self) -> list[Content]:
        return collect(self.publication, pool=self.pool, live=self.live, live_tree=self.live_tree)

    def _build(self, contents: Sequence[Content], key: SigningKey, number: int, work: Path) -> None:
        tree = work / "tree"
        database = work / "db"
        contents = self._assemble(contents, tree, database, work)
        timestamp = next_timestamp(self.live.timestamp if self.live else 0)
        manifest = self._manifest(contents, key, number, timestamp)
        self._finish(manifest, key, tree)
        trusted = {p.file.path for c in contents if not c.new for p in c.files}
        verify_snapshot(tree, trusted=trusted, work=work)
        sync_filesystem(work)
        self.line.flip(tree, number, database if database.exists() else None)

    def _assemble(
        self, contents: Sequence[Content], tree: Path, database: Path, work: Path
    ) -> Sequence[Content]:
        """Packages and indices in `tree`; the contents as they are published (signed)."""
        if self.publication.family is Family.RPM:
            with self.keyring.session(self.log) as signer:
                contents = sign_packages(contents, signer, line=self.line, work=work)
            self._refuse_reuse(contents)
            yum.assemble(contents, tree=tree, work=work, live_tree=self.live_tree)
            return contents
        self._refuse_reuse(contents)
        live = None
        if self.live is not None and self.live_tree is not None:
            live = apt.Live(self.live, self.live_tree, self.line.database(self.live.number))
        apt.assemble(
            self.publication,
            contents,
            tree=tree,
            database=database,
            work=work,
            live=live,
            log=self.log,
        )
        return contents

    def _finish(self, manifest: Manifest, key: SigningKey, tree: Path) -> None:
        """Everything around the packages: older files, client files, signatures."""
        earlier = [self.line.snapshot(n) for n in self.line.numbers()[-KEPT_SNAPSHOTS:]]
        for old_tree in earlier:
            for path in load_manifest(old_tree).files():
                place_if_missing(old_tree / path, tree / path)
        self.keyring.export(key, ascii_file=tree / KEY_ASCII, binary_file=tree / KEY_BINARY)
        write_client_files(manifest, tree)
        (tree / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n")
        if manifest.family is Family.DEB:
            release = write_release(
                self.publication,
                tree=tree,
                number=manifest.number,
                timestamp=manifest.timestamp,
                earlier=earlier,
            )
            entries = [release]
        else:
            yum.keep_earlier_metadata(tree, earlier)
            entries = yum.repomd_files(tree)
        with self.keyring.session(self.log) as signer:
            _sign(signer, tree, entries, manifest.family)
        _set_times(tree, entries, manifest.timestamp)

    def _manifest(
        self, contents: Sequence[Content], key: SigningKey, number: int, timestamp: int
    ) -> Manifest:
        publication = self.publication
        return Manifest(
            channel=publication.channel,
            distro=publication.distro,
            family=publication.family,
            architecture=publication.architecture,
            title=publication.title,
            url=self.url,
            number=number,
            previous=self.live.number if self.live else None,
            timestamp=timestamp,
            signing_key=key.fingerprint,
            components=tuple(
                ManifestComponent(
                    component=content.published.component,
                    commit=content.published.commit,
                    key=content.published.key,
                    version=content.version,
                    reason=content.published.reason,
                    files=tuple(placed.file for placed in content.files),
                )
                for content in contents
            ),
        )

    def _refuse_reuse(self, contents: Sequence[Content]) -> None:
        files = [placed.file for content in contents for placed in content.files]
        self._refuse(rules.reuse_problems(self.line, self.live, files))

    def _refuse(self, problems: Sequence[str]) -> None:
        if problems:
            raise PublishError(f"{self.line} is not published", problems)

    def _snapshot(self, number: int, *, changed: bool) -> Snapshot:
        line = self.line
        return Snapshot(
            channel=line.channel,
            distro=line.distro,
            number=number,
            changed=changed,
            path=f"{SNAPSHOTS}/{line.channel}/{line.distro}/{number}",
            held_back=self.held_back,
            content={p.component: p.key for p in self.publication.packages},
        )

    def _say(self, message: str) -> None:
        print(f"{self.line}: {message}", file=self.log, flush=True)


def next_timestamp(
    previous: int,
    *,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """The time of a new snapshot, in seconds, later than the `previous` one's; waits for it.

    HTTP dates and apt's Release files count seconds: a second snapshot within the same one would
    look unmodified to a client that has the first.

    :raises InfrastructureError: the clock is far behind the previous snapshot.
    """
    behind = previous - clock()
    if behind > CLOCK_TOLERANCE_S:
        raise InfrastructureError(
            f"the clock is {behind:.0f} s behind the live snapshot: apt ignores an older archive; "
            "set the clock right"
        )
    while int(clock()) <= previous:
        sleep(0.02)
    return int(clock())


def _compare(family: Family) -> rules.Compare:
    return debs.compare_versions if family is Family.DEB else rpms.compare_versions


def _summary(contents: Sequence[Content]) -> str:
    new = [content.published.component for content in contents if content.new]
    names = ", ".join(new[:_NAMED]) + (" …" if len(new) > _NAMED else "")
    return f"{len(new)} of {len(contents)} components are new" + (f": {names}" if new else "")


def _sign(signer: Signer, tree: Path, entries: Sequence[Path], family: Family) -> None:
    signer.detach(tree / MANIFEST, tree / f"{MANIFEST}.asc")
    for entry in entries:
        if family is Family.DEB:
            signer.clearsign(entry, entry.with_name("InRelease"))
            signer.detach(entry, entry.with_name("Release.gpg"))
        else:
            signer.detach(entry, entry.with_name(f"{entry.name}.asc"))


def _set_times(tree: Path, entries: Sequence[Path], timestamp: int) -> None:
    """Give every file that changes under its name the snapshot's time, for If-Modified-Since."""
    changing = [path for path in tree.iterdir() if path.is_file()]
    for entry in entries:
        changing += [path for path in entry.parent.glob("*") if path.is_file()]
    for path in changing:
        os.utime(path, (timestamp, timestamp))
