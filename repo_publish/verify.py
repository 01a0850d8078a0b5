"""Reading a snapshot back as a client would: signatures, then everything they vouch for."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path

from farm.model import Family
from repo_publish import verify_apt, verify_yum
from repo_publish.checks import check_file, check_signature
from repo_publish.client_files import KEY_ASCII, KEY_BINARY
from repo_publish.errors import VerifyError
from repo_publish.manifest import MANIFEST, Manifest, load_manifest
from repo_publish.provenance import signature_of
from repo_publish.verify_apt import Offer

_SHOWN = 5


def verify_snapshot(
    tree: Path,
    *,
    keys: Path | None = None,
    trusted: Collection[str] = (),
    work: Path | None = None,
) -> Manifest:
    """Check a whole snapshot; its manifest.

    `keys` is a directory with the public key to trust (farm.asc, farm.gpg), by default the
    snapshot itself: that finds damage, but no forgery. Package files whose paths are in `trusted`
    are known to be good: only their sizes are looked at. `work` is where temporary files go.

    :raises VerifyError: with the first thing that is wrong.
    """
    keys = keys or tree
    manifest = load_manifest(tree)
    check_signature(tree / f"{MANIFEST}.asc", keys / KEY_BINARY, of=tree / MANIFEST)
    listed = {path: (file.sha256, file.size) for path, file in manifest.files().items()}
    with tempfile.TemporaryDirectory(dir=work, prefix="verify-") as name:
        scratch = Path(name)
        if manifest.family is Family.DEB:
            verify_apt.check_indices(tree, manifest.distro, keys / KEY_BINARY, scratch)
            offer = verify_apt.offered_packages(tree, manifest.distro, manifest.architecture)
        else:
            verify_yum.check_metadata(tree, keys / KEY_BINARY)
            offer = verify_yum.offered_packages(tree)
        _check_offer(tree, offer, listed)
        for path, (digest, size) in listed.items():
            check_file(tree, path, digest, size, hashed=path not in trusted)
        _check_extras(manifest, tree, keys / KEY_BINARY, trusted)
        if manifest.family is Family.RPM:
            new = [tree / path for path in listed if path not in trusted]
            verify_yum.check_package_signatures(new, keys / KEY_ASCII, scratch)
    return manifest


def _check_extras(manifest: Manifest, tree: Path, keyring: Path, trusted: Collection[str]) -> None:
    """Logs, and the statements and SBOM with their own signatures."""
    for path, extra in manifest.extras().items():
        check_file(tree, path, extra.sha256, extra.size, hashed=path not in trusted)
    signed = [c.provenance for c in manifest.components] + [manifest.sbom]
    for extra in (one for one in signed if one and one.path not in trusted):
        check_signature(tree / signature_of(extra.path), keyring, of=tree / extra.path)


def _check_offer(tree: Path, offer: Offer, listed: Offer) -> None:
    """The indices must name exactly what the manifest lists: a tool that failed quietly is found
    here.
    """
    differences = sorted(
        path for path in offer.keys() | listed.keys() if offer.get(path) != listed.get(path)
    )
    if differences:
        more = f" and {len(differences) - _SHOWN} more" if len(differences) > _SHOWN else ""
        raise VerifyError(
            f"{tree}: indices and manifest differ on {', '.join(differences[:_SHOWN])}{more}"
        )
