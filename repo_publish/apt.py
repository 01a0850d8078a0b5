"""The apt family's tree: reprepro assembles it on a scratch copy, and never elsewhere.

reprepro deletes superseded files at once and a kill breaks its database, so it only ever sees
hardlinks of the live snapshot and a copy of the database that belongs to it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from farm.errors import CommandError
from farm.run import clean_environment, run
from repo_publish.content import Content, Placed
from repo_publish.files import place, place_all
from repo_publish.live import Live
from repo_publish.manifest import Manifest
from repo_publish.model import Publication

_DEBS_PER_CALL = 200


def assemble(
    publication: Publication,
    contents: Sequence[Content],
    *,
    tree: Path,
    database: Path,
    work: Path,
    live: Live | None,
    log: TextIO,
) -> None:
    """Fill `tree` with ``pool/`` and the indices below ``dists/<distro>/main``.

    From the live snapshot and its `database` only the difference is made; everything is included
    anew where there is no database, or where reprepro cannot work with it.

    :raises CommandError: reprepro refuses.
    """
    conf = work / "conf"
    conf.mkdir()
    (conf / "distributions").write_text(distributions(publication))
    reprepro = _Reprepro(publication.distro, conf, tree, database)
    if live is not None and live.database.is_dir() and _alike(live.manifest, publication):
        try:
            _difference(reprepro, contents, live)
        except CommandError as error:
            print(f"starting anew, because the difference failed: {error}", file=log)
            shutil.rmtree(tree)
            shutil.rmtree(database)
        else:
            _link_to_origins([p for c in contents if c.new for p in c.files], tree)
            return
    reprepro.include(contents)
    reprepro.export()
    _link_to_origins([placed for content in contents for placed in content.files], tree)


def distributions(publication: Publication) -> str:
    """reprepro's conf/distributions. Release files are not its business: see release.py."""
    return (
        f"Origin: {publication.title}\n"
        f"Label: {publication.title}\n"
        f"Suite: {publication.channel}\n"
        f"Codename: {publication.distro}\n"
        f"Architectures: {publication.architecture} source\n"
        "Components: main\n"
        # xz saves a fifth more, and takes ten times as long, for every package there is.
        "DebIndices: Packages . .gz\n"
        "DscIndices: Sources . .gz\n"
    )


def _alike(live: Manifest, publication: Publication) -> bool:
    return live.architecture == publication.architecture


def _difference(reprepro: _Reprepro, contents: Sequence[Content], live: Live) -> None:
    """Start from the live snapshot; take away what goes, then add what comes."""
    place_all(live.manifest.files(), live.tree, reprepro.tree)
    shutil.copytree(live.database, reprepro.database)
    stays = {(c.published.component, c.published.key) for c in contents if not c.new}
    gone = [c for c in live.manifest.components if (c.component, c.key) not in stays]
    reprepro.remove(
        sorted({f.package for c in gone for f in c.files if f.filename.endswith(".dsc")})
    )
    reprepro.include([content for content in contents if content.new])
    reprepro.export()


def _link_to_origins(files: Sequence[Placed], tree: Path) -> None:
    """Replace reprepro's copies by hardlinks: one file on disk, however often it is published."""
    for placed in files:
        target = tree / placed.file.path
        linked = target.with_name(f".{target.name}.new")
        place(placed.origin, linked)
        linked.rename(target)


class _Reprepro:
    """reprepro on one scratch tree."""

    def __init__(self, codename: str, conf: Path, tree: Path, database: Path):
        self.tree = tree
        self.database = database
        self._codename = codename
        self._conf = conf

    def include(self, contents: Sequence[Content]) -> None:
        """Add every file of `contents`."""
        origins = [placed.origin for content in contents for placed in content.files]
        for dsc in (path for path in origins if path.suffix == ".dsc"):
            self._run("includedsc", [str(dsc)])
        debs = [str(path) for path in origins if path.suffix == ".deb"]
        for start in range(0, len(debs), _DEBS_PER_CALL):
            self._run("includedeb", debs[start : start + _DEBS_PER_CALL])

    def remove(self, sources: Sequence[str]) -> None:
        """Take away source packages with all their binaries."""
        if sources:
            self._run("removesrcs", sources)

    def export(self) -> None:
        """Write the indices, empty ones included."""
        self._run("export", [], quietly=False)

    def _run(self, action: str, arguments: Sequence[str], *, quietly: bool = True) -> None:
        run(
            f"assemble the apt archive of {self._codename}",
            [
                "reprepro",
                *("--outdir", self.tree, "--dbdir", self.database, "--confdir", self._conf),
                *(["--export=silent-never"] if quietly else []),
                *(action, self._codename, *arguments),
            ],
            env=clean_environment(TMPDIR=os.fspath(self._conf)),
        )
