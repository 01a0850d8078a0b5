"""What a snapshot tells its users."""

from __future__ import annotations

from debian.deb822 import Deb822

from repo_publish.client_files import client_files
from tests.manifests import URL, a_manifest

KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc=\n-----END PGP PUBLIC KEY BLOCK-----\n"


def test_apt_sources_name_the_live_archive_and_hold_its_key() -> None:
    sources = Deb822(client_files(a_manifest(), KEY)["farm.sources"])

    assert sources["Types"] == "deb deb-src"
    assert sources["URIs"] == f"{URL}/development/bookworm/"
    assert (sources["Suites"], sources["Components"]) == ("bookworm", "main")
    assert sources["Architectures"] == "amd64"
    assert sources["Signed-By"].splitlines() == [
        "",
        " -----BEGIN PGP PUBLIC KEY BLOCK-----",
        " .",
        " abc=",
        " -----END PGP PUBLIC KEY BLOCK-----",
    ]


def test_yum_configuration_demands_both_signatures() -> None:
    repo = client_files(a_manifest(family="rpm", distro="el9"), KEY)["farm.repo"]

    assert repo.count("\ngpgcheck=1\n") == 2
    assert repo.count("\nrepo_gpgcheck=1\n") == 2
    assert f"\nmirrorlist={URL}/development/el9/mirrorlist\n" in repo
    assert repo.index("[farm]") < repo.index("enabled=1") < repo.index("[farm-source]")


def test_mirror_lists_name_the_snapshot_itself() -> None:
    files = client_files(a_manifest(family="rpm", distro="el9", number=41), KEY)

    assert files["mirrorlist"] == f"{URL}/snapshots/development/el9/41/\n"
    assert files["source/mirrorlist"] == f"{URL}/snapshots/development/el9/41/source/\n"


def test_each_family_gets_its_own_instructions() -> None:
    deb = client_files(a_manifest(), KEY)
    rpm = client_files(a_manifest(family="rpm"), KEY)

    assert set(deb) == {"farm.sources", "index.html"}
    assert set(rpm) == {"farm.repo", "index.html", "mirrorlist", "source/mirrorlist"}
    assert "apt install" in deb["index.html"]
    assert "dnf install" in rpm["index.html"]
