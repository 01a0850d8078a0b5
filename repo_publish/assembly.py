"""Building the tree of a snapshot: packages, indices, client files, signatures."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from farm.model import Family
from repo_publish import apt, yum
from repo_publish.client_files import (
    KEY_ASCII,
    KEY_BINARY,
    KEY_TRANSITION,
    MIRRORLIST,
    key_transition,
    write_client_files,
)
from repo_publish.content import Content
from repo_publish.files import place, place_all
from repo_publish.keys import Keyring, Keys
from repo_publish.line import Line
from repo_publish.live import Live
from repo_publish.manifest import MANIFEST, Manifest, package_paths
from repo_publish.model import Publication
from repo_publish.overview import surroundings_of
from repo_publish.provenance import DIRECTORY as PROVENANCE
from repo_publish.provenance import signature_of, write_statements, written
from repo_publish.release import write_release
from repo_publish.rpm_signing import sign_packages
from repo_publish.sbom import SBOM, sbom_text
from repo_publish.signers import Signer
from repo_publish.summary import SUMMARY, summary_of


@dataclass(frozen=True)
class Assembly:
    """One tree in the making, below `work`; `line` and `live` are where it will belong."""

    publication: Publication
    line: Line
    live: Live | None
    keyring: Keyring
    work: Path
    log: TextIO

    @property
    def tree(self) -> Path:
        """The snapshot's future directory."""
        return self.work / "tree"

    @property
    def database(self) -> Path:
        """reprepro's database of the tree; missing for rpm."""
        return self.work / "db"

    def packages(
        self, contents: Sequence[Content], check: Callable[[Sequence[Content]], None]
    ) -> Sequence[Content]:
        """Fill the tree with packages and indices.

        :param check: looks at the contents once their files have their final bytes (rpm packages
            are signed here).
        :returns: the contents as they are published.
        """
        if self.publication.family is Family.RPM:
            with self.keyring.session(self.log) as signer:
                known = {key.fingerprint for key in self.keyring.keys(self.log).known}
                contents = sign_packages(contents, signer, known, line=self.line, work=self.work)
            check(contents)
            live_tree = self.live.tree if self.live else None
            yum.assemble(contents, tree=self.tree, work=self.work, live_tree=live_tree)
            return contents
        check(contents)
        apt.assemble(
            self.publication,
            contents,
            tree=self.tree,
            database=self.database,
            work=self.work,
            live=self.live,
            log=self.log,
        )
        return contents

    def finish(
        self,
        manifest: Manifest,
        contents: Sequence[Content],
        keys: Keys,
        earlier: Sequence[Path],
    ) -> None:
        """Everything around the packages: logs, provenance, older files, client files, signatures.

        :param earlier: trees of earlier snapshots whose packages and indices stay reachable.
        """
        tree = self.tree
        _place_extras(contents, tree)
        there = set(manifest.files())
        for old_tree in earlier:
            older = package_paths(old_tree) - there
            place_all(older, old_tree, tree)
            there |= older
        with self.keyring.session(self.log) as signer:
            manifest = write_statements(manifest, tree, signer)
            manifest = self._with_sbom(manifest)
            self._describe(manifest, keys)
            entries = self._entries(manifest, earlier)
            _sign(signer, tree, entries, manifest.family)
            if transition := key_transition(manifest, keys):
                text = self.work / KEY_TRANSITION
                text.write_text(transition)
                signer.clearsign(text, tree / KEY_TRANSITION)
        _set_times(tree, entries, manifest.timestamp)

    def _with_sbom(self, manifest: Manifest) -> Manifest:
        before = self.live.tree / SBOM if self.live else None
        text = sbom_text(manifest, before.read_text() if before and before.is_file() else "")
        return manifest.model_copy(update={"sbom": written(self.tree, SBOM, text)})

    def _describe(self, manifest: Manifest, keys: Keys) -> None:
        """Write what people and programs read of the snapshot."""
        tree = self.tree
        self.keyring.export_blocks(keys.known, tree / KEY_ASCII)
        self.keyring.export(keys.known, tree / KEY_BINARY, armor=False)
        trusted = self.work / "trusted.asc"
        self.keyring.export(keys.active, trusted, armor=True)
        before = self.live.manifest if self.live else None
        (tree / SUMMARY).write_text(summary_of(manifest, before).model_dump_json(indent=1) + "\n")
        write_client_files(manifest, tree, trusted.read_text(), surroundings_of(self.line))
        (tree / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n")

    def _entries(self, manifest: Manifest, earlier: Sequence[Path]) -> list[Path]:
        """The files through which clients find everything else, to be signed."""
        if manifest.family is Family.DEB:
            release = write_release(
                self.publication,
                tree=self.tree,
                number=manifest.number,
                timestamp=manifest.timestamp,
                earlier=earlier,
            )
            return [release]
        yum.keep_earlier_metadata(self.tree, earlier)
        return yum.repomd_files(self.tree)


def _place_extras(contents: Sequence[Content], tree: Path) -> None:
    """Link the logs of all builds, and the provenance of those that were published before."""
    for one in (one for content in contents for one in content.extras):
        place(one.origin, f"{tree}/{one.extra.path}")
        if one.extra.path.startswith(f"{PROVENANCE}/"):
            place(signature_of(f"{one.origin}"), f"{tree}/{signature_of(one.extra.path)}")


def _sign(signer: Signer, tree: Path, entries: Sequence[Path], family: Family) -> None:
    for name in (MANIFEST, SBOM):
        signer.detach(tree / name, tree / signature_of(name))
    for entry in entries:
        if family is Family.DEB:
            signer.clearsign(entry, entry.with_name("InRelease"))
            signer.detach(entry, entry.with_name("Release.gpg"))
        else:
            signer.detach(entry, entry.with_name(f"{entry.name}.asc"))


def _set_times(tree: Path, entries: Sequence[Path], timestamp: int) -> None:
    """Give every file that changes under its name the snapshot's time, for If-Modified-Since."""
    changing = [path for path in tree.iterdir() if path.is_file()]
    changing += tree.glob(f"*/{MIRRORLIST}")
    for entry in entries:
        # What is found by its hash is also a file of other snapshots, and has their time.
        changing += [
            path
            for path in entry.parent.rglob("*")
            if path.is_file() and path.parent.parent.name != "by-hash"
        ]
    for path in changing:
        os.utime(path, (timestamp, timestamp))
