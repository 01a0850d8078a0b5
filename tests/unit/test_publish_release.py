"""apt's Release file and the indices that stay reachable by hash."""

from __future__ import annotations

import hashlib
from pathlib import Path

from debian.deb822 import Release

from repo_publish.release import by_hash, listed, release_text, write_release
from tests.manifests import a_publication

INDEX = "main/binary-amd64/Packages"


def write(tree: Path, content: bytes, number: int, earlier: list[Path]) -> Path:
    index = tree / "dists/bookworm" / INDEX
    index.parent.mkdir(parents=True)
    index.write_bytes(content)
    return write_release(
        a_publication(), tree=tree, number=number, timestamp=1_700_000_000, earlier=earlier
    )


def test_the_text_says_who_what_and_when() -> None:
    text = release_text(a_publication(title="XCP"), 41, 1_700_000_000, {INDEX: ("a" * 64, 12)})
    fields = Release(text)

    assert fields["Origin"] == fields["Label"] == "XCP"
    assert (fields["Suite"], fields["Codename"]) == ("development", "bookworm")
    assert fields["Date"] == "Tue, 14 Nov 2023 22:13:20 UTC"
    assert fields["Acquire-By-Hash"] == "yes"
    assert [dict(entry) for entry in fields["SHA256"]] == [
        {"sha256": "a" * 64, "size": "12", "name": INDEX}
    ]


def test_indices_are_found_by_name_and_by_hash(tmp_path: Path) -> None:
    release = write(tmp_path / "1", b"first", 1, [])
    digest = hashlib.sha256(b"first").hexdigest()

    assert listed(release) == [(INDEX, digest)]
    assert by_hash(release.parent, INDEX, digest).read_bytes() == b"first"


def test_indices_of_earlier_snapshots_stay_reachable_but_are_not_listed(tmp_path: Path) -> None:
    write(tmp_path / "1", b"first", 1, [])
    release = write(tmp_path / "2", b"second", 2, [tmp_path / "1"])
    digest = hashlib.sha256(b"first").hexdigest()

    assert by_hash(release.parent, INDEX, digest).read_bytes() == b"first"
    assert [name for name, _ in listed(release)] == [INDEX]


def test_only_the_given_snapshots_indices_are_kept(tmp_path: Path) -> None:
    write(tmp_path / "1", b"first", 1, [])
    write(tmp_path / "2", b"second", 2, [tmp_path / "1"])
    release = write(tmp_path / "3", b"third", 3, [tmp_path / "2"])

    kept = (release.parent / INDEX).parent / "by-hash/SHA256"
    assert {path.read_bytes() for path in kept.iterdir()} == {b"second", b"third"}
