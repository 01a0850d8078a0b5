"""Publishing: a new snapshot is built beside the live one and made live by one rename."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from farm.errors import InfrastructureError
from repo_publish import rules
from repo_publish.admission import Admission, Supply
from repo_publish.assembly import Assembly
from repo_publish.content import Content
from repo_publish.describe import described
from repo_publish.errors import BadPackageSignature, ComponentsRefused, PublishError
from repo_publish.failures import explained
from repo_publish.files import sync_filesystem
from repo_publish.held_back import HeldBack, held_back, remember, since
from repo_publish.keys import Keyring, Keys
from repo_publish.line import KEPT_SNAPSHOTS, SNAPSHOTS, STATE, Line, line_of
from repo_publish.live import Kept, Live, live_of
from repo_publish.manifest import Manifest, Origin, Refused, Rollback
from repo_publish.model import Publication, Snapshot
from repo_publish.overview import write_overview
from repo_publish.refusal import rolled_back, still_refused
from repo_publish.request import check_request
from repo_publish.retired import retire
from repo_publish.rpm_signing import forget_signed
from repo_publish.verify import verify_snapshot

CLOCK_TOLERANCE_S = 60

_NAMED = 8


@dataclass(frozen=True)
class Purpose:
    """What a publication is beside wanted content; the default is nothing."""

    others: tuple[Kept, ...] = ()
    """Further snapshots that builds are taken from before the pool is asked."""
    origin: Origin | None = None
    rollback: Rollback | None = None
    """Go back: older versions are meant, and what was consistent then is not gated again."""
    refused: Mapping[str, Refused] | None = None
    """Refuse these builds from now on; None: as the live snapshot does."""
    whole: bool = False
    """All of it or nothing: what would be held back is a reason not to publish."""
    again: bool = False
    """The live content as it is, under other signatures: nothing to ask the gate."""


def publish(
    publication: Publication,
    *,
    pool: Path,
    archive: Path,
    keys: Path,
    url: str,
    log: TextIO,
    cache: Path | None = None,
) -> Snapshot:
    """Make `publication` the live content of its line.

    `pool` holds the builds, `archive` is the directory that is served at `url`, `keys` the
    GnuPG home with the signing key (generated on first use). What happens is written to `log`.
    The indices and clean roots of distributions are kept in `cache`; without it, indices are kept
    in the archive's own state, and no upgrade is tried.

    Publishing what is live already changes nothing. One publisher at a time works on a line, and
    a killed one leaves nothing that the next does not clean up. Whatever goes wrong, the live
    archive stays as it was.

    :raises PublishError: the publication would break the archive; nothing to retry.
    :raises InfrastructureError: full disk, wrong clock …: worth a retry.
    :raises VerifyError: the finished snapshot is not what a client would accept.
    """
    url = check_request(publication, url)
    line = line_of(archive.absolute(), publication.channel, publication.distro)
    stores = Stores(pool.absolute(), Keyring(keys), url, cache)
    return publish_locked(line, lambda live: (publication, Purpose()), stores, log)


@dataclass(frozen=True)
class Stores:
    """What publishing works with, beside the archive itself."""

    pool: Path | None
    """None: all builds are in snapshots."""
    keyring: Keyring
    url: str
    """Where the archive is served, without a trailing slash."""
    cache: Path | None = None
    """Where the indices and clean roots of distributions are kept. None: indices in the archive's
    own state, and no roots: no upgrades are tried."""


def publish_locked(
    line: Line,
    decide: Callable[[Live | None], tuple[Publication, Purpose]],
    stores: Stores,
    log: TextIO,
) -> Snapshot:
    """Publish what `decide` says of the live snapshot, which nobody changes meanwhile.

    :raises PublishError: as `publish`, or what `decide` raises.
    """
    with explained(line), line.lock(log):
        line.sweep()
        live = live_of(line)
        publication, purpose = decide(live)
        snapshot = _Publishing(publication, line, live, purpose, stores, log).run()
        line.sweep()
        write_overview(line, log)
    return snapshot


class _Publishing:
    """One publication, with the lock held."""

    def __init__(
        self,
        publication: Publication,
        line: Line,
        live: Live | None,
        purpose: Purpose,
        stores: Stores,
        log: TextIO,
    ):
        supply = Supply(
            pool=stores.pool,
            others=purpose.others,
            cache=stores.cache or line.archive / STATE / "cache",
            roots=stores.cache.absolute() if stores.cache else None,
            whole=purpose.whole,
        )
        self.admission = Admission(publication, line, live, supply, log)
        self.line = line
        self.live = live
        self.purpose = purpose
        self.stores = stores
        self.log = log
        self.began = int(time.time())
        self.wanted = publication.packages
        self.warnings: tuple[str, ...] = ()

    @property
    def publication(self) -> Publication:
        """What is published."""
        return self.admission.publication

    def run(self) -> Snapshot:
        """Publish unless the live snapshot has this content already."""
        keys = self.stores.keyring.keys(self.log)
        self.warnings = keys.warnings()
        live = self.live
        if live is not None:
            self._check_trust(live.manifest, keys)
            if self.purpose.refused is None:
                self.admission.hold(rolled_back(self.publication, live.manifest))
            if self._is_live(keys):
                return self._snapshot(live.manifest.number, changed=False)
        if self.purpose.rollback is None and not self.purpose.again:
            contents = self.admission.admit()
        else:
            contents = self.admission.admit_all()
        if live is not None and self._is_live(keys):
            snapshot = self._snapshot(live.manifest.number, changed=False)
            self.admission.refuse_if_idle()
            return snapshot
        if not contents:
            self.admission.refuse_if_idle()
        number = (live.manifest.number if live else 0) + 1
        self._say(f"snapshot {number}: {_summary(contents)}")
        with self.line.scratch() as work, explained(self.line):
            self._build(contents, keys, number, work)
        self._say(f"snapshot {number} is live")
        return self._snapshot(number, changed=True)

    def _check_trust(self, live: Manifest, keys: Keys) -> None:
        """Refuse keys that no client of the line has heard of."""
        if live.signing_key not in {key.fingerprint for key in keys.known}:
            raise PublishError(
                f"{self.line}: the signing key in {self.stores.keyring.home} is "
                f"{keys.current.fingerprint}, but clients trust {live.signing_key}: put the old "
                "key back (farm archive key rotate replaces a key)"
            )

    def _is_live(self, keys: Keys) -> bool:
        return self.live is not None and self.live.manifest.serves(
            self.publication, self.stores.url, keys.fingerprints
        )

    def _build(self, contents: Sequence[Content], keys: Keys, number: int, work: Path) -> None:
        keyring = self.stores.keyring
        assembly = Assembly(self.publication, self.line, self.live, keyring, work, self.log)
        contents = assembly.packages(contents, self._refuse_reuse)
        timestamp = next_timestamp(self.live.manifest.timestamp if self.live else 0)
        manifest = self._manifest(contents, keys, number, timestamp)
        earlier = [self.line.snapshot(n) for n in self.line.numbers()[-KEPT_SNAPSHOTS:]]
        assembly.finish(manifest, contents, keys, earlier)
        trusted = {p.file.path for c in contents if not c.new for p in c.files}
        trusted |= {one.extra.path for c in contents if not c.new for one in c.extras}
        try:
            verify_snapshot(assembly.tree, trusted=trusted, work=work)
        except BadPackageSignature as error:
            forget_signed(contents, error.packages, self.line)
            raise
        sync_filesystem(work)
        database = assembly.database if assembly.database.exists() else None
        if self.live is not None:
            retire(self.line, self.live.manifest, manifest)
        self.line.flip(assembly.tree, number, database)

    def _manifest(
        self, contents: Sequence[Content], keys: Keys, number: int, timestamp: int
    ) -> Manifest:
        publication = self.publication
        refused = self.purpose.refused
        if refused is None and self.live is not None:
            refused = still_refused(self.live.manifest, self._content())
        return Manifest(
            channel=publication.channel,
            distro=publication.distro,
            family=publication.family,
            architecture=publication.architecture,
            title=publication.title,
            url=self.stores.url,
            number=number,
            previous=self.live.manifest.number if self.live else None,
            timestamp=timestamp,
            signing_key=keys.current.fingerprint,
            signing_keys=keys.fingerprints,
            key_expires=keys.current.expires,
            components=described(contents, self.stores.pool, timestamp),
            origin=self.purpose.origin,
            rollback=self.purpose.rollback,
            refused=dict(refused or {}),
            held_back=self._held_back(),
            gate=self.admission.gate,
        )

    def _refuse_reuse(self, contents: Sequence[Content]) -> None:
        manifest = self.live.manifest if self.live else None
        found = rules.reuse_problems(self.line, contents, manifest)
        if found:
            raise ComponentsRefused(f"{self.line} is not published", found)

    def _held_back(self) -> tuple[HeldBack, ...]:
        if self.purpose.again:
            return held_back(self.line)
        return since(held_back(self.line), self.admission.held_back, self.wanted, self.began)

    def _content(self) -> dict[str, str]:
        return {p.component: p.key for p in self.publication.packages}

    def _snapshot(self, number: int, *, changed: bool) -> Snapshot:
        line = self.line
        now = self._held_back()
        remember(line, now)
        return Snapshot(
            channel=line.channel,
            distro=line.distro,
            number=number,
            changed=changed,
            path=f"{SNAPSHOTS}/{line.channel}/{line.distro}/{number}",
            held_back=self.admission.held_back,
            held_back_since={one.component: one.since for one in now},
            content=self._content(),
            warnings=self.warnings,
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


def _summary(contents: Sequence[Content]) -> str:
    new = [content.published.component for content in contents if content.new]
    names = ", ".join(new[:_NAMED]) + (" …" if len(new) > _NAMED else "")
    return f"{len(new)} of {len(contents)} components are new" + (f": {names}" if new else "")
