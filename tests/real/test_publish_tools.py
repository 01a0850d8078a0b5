"""The tools below publishing: keys that are gone when nobody signs, rpm's view of packages."""

from __future__ import annotations

import hashlib
import itertools
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from farm.run import CLEAN_PATH
from repo_publish import rpms
from repo_publish.checks import check_signature
from repo_publish.errors import PublishError, VerifyError
from repo_publish.keys import Keyring
from repo_publish.manifest import ManifestFile
from tests.archive_clients import PROJECT, run_client
from tests.packages import Rpm, build_rpms

pytestmark = pytest.mark.real

AGENT_ENDS_WITHIN_S = 70


@pytest.fixture
def log(tmp_path: Path) -> IO[str]:
    return (tmp_path / "log").open("w")


def test_a_key_is_made_once_and_signs(tmp_path: Path, log: IO[str]) -> None:
    keyring = Keyring(tmp_path / "keys")
    text = tmp_path / "text"
    text.write_text("signed\n")
    with keyring.session(log) as signer:
        signer.clearsign(text, tmp_path / "inline")
        signer.detach(text, tmp_path / "detached")
    with keyring.session(log) as again:
        assert again.key == signer.key
    keyring.export([signer.key], tmp_path / "k.gpg", armor=False)

    check_signature(tmp_path / "inline", tmp_path / "k.gpg")
    check_signature(tmp_path / "detached", tmp_path / "k.gpg", of=text)
    text.write_text("changed\n")
    with pytest.raises(VerifyError, match="bad signature"):
        check_signature(tmp_path / "detached", tmp_path / "k.gpg", of=text)
    years = (signer.key.expires - signer.key.created) / (365 * 24 * 3600)
    assert 2.9 < years < 3.1
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_no_agent_stays_behind(tmp_path: Path, log: IO[str]) -> None:
    keyring = Keyring(tmp_path / "keys")
    with keyring.session(log):
        assert agent_answers(keyring.home)

    assert not agent_answers(keyring.home)


def test_an_agent_ends_with_a_killed_publisher(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    code = (
        "import os, signal, sys; from pathlib import Path; from repo_publish.keys import Keyring\n"
        "with Keyring(Path(sys.argv[1])).session(sys.stdout): os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {"PATH": CLEAN_PATH, "PYTHONPATH": str(PROJECT)}
    died = subprocess.run([sys.executable, "-c", code, keys], env=environment, check=False)
    assert died.returncode == -signal.SIGKILL

    limit = time.monotonic() + AGENT_ENDS_WITHIN_S
    while agent_answers(keys) and time.monotonic() < limit:
        time.sleep(0.2)
    assert not agent_answers(keys)


def test_an_expired_key_does_not_sign(tmp_path: Path, log: IO[str]) -> None:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    made = run_client(
        [
            *("gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", ""),
            *("--faked-system-time", "20200101T000000!"),
            *("--quick-generate-key", "old", "rsa3072", "sign,cert", "1y"),
        ],
        GNUPGHOME=str(keys),
    )
    assert made.returncode == 0, made.stdout

    with pytest.raises(PublishError, match="expired on 2020-12-31"), Keyring(keys).session(log):
        pass


def test_rpm_orders_versions() -> None:
    older_to_newer = ["1.0~rc1-1.el9", "1.0-1.el9", "1.0-1.el9.1", "1.0+git3-1.el9", "1:0.1-1"]
    pairs = list(itertools.pairwise(older_to_newer))

    assert rpms.compare_versions(pairs) == [-1] * len(pairs)
    assert rpms.compare_versions([(b, a) for a, b in pairs]) == [1] * len(pairs)
    assert rpms.compare_versions([("1.0-1", "1.0-1")] * 1200) == [0] * 1200


@pytest.mark.parametrize("version", ["1.0", '1-1") os.execute("x', "1-1 2"])
def test_only_versions_are_handed_to_rpm(version: str) -> None:
    with pytest.raises(PublishError, match="is not an rpm version"):
        rpms.compare_versions([(version, "1.0-1")])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    return build_rpms(tmp_path_factory.mktemp("rpms"), Rpm("app", "1.0"), Rpm("other", "1.0"))


def read(source: Path, *binaries: Path, architecture: str = "x86_64") -> list[ManifestFile]:
    digests = {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size)
        for path in (source, *binaries)
    }
    return rpms.read_packages([source], list(binaries), digests, architecture)


def test_rpm_packages_and_their_source_have_repositories_of_their_own(
    built: dict[str, list[Path]],
) -> None:
    source, binary = read(*built["app"])

    assert source.path == "source/Packages/a/app-1.0-1.el9.src.rpm"
    assert (source.kind, source.architecture) == ("source", "source")
    assert binary.path == "Packages/a/app-1.0-1.el9.noarch.rpm"
    assert (binary.package, binary.version, binary.architecture) == ("app", "1.0-1.el9", "noarch")


def test_an_rpm_may_not_come_from_another_source(built: dict[str, list[Path]]) -> None:
    with pytest.raises(PublishError, match="was built from 'other-1"):
        read(built["app"][0], built["other"][1])


def test_an_rpm_has_the_name_of_its_header(built: dict[str, list[Path]], tmp_path: Path) -> None:
    renamed = tmp_path / "app-9.9-1.el9.noarch.rpm"
    renamed.write_bytes(built["app"][1].read_bytes())

    with pytest.raises(PublishError, match=r"should be called app-1\.0-1\.el9\.noarch\.rpm"):
        read(built["app"][0], renamed)


@pytest.mark.parametrize("spoil", [lambda data: b"not a package", lambda data: data[:200]])
def test_what_is_no_rpm_is_refused(
    spoil: Callable[[bytes], bytes], built: dict[str, list[Path]], tmp_path: Path
) -> None:
    broken = tmp_path / built["app"][1].name
    broken.write_bytes(spoil(built["app"][1].read_bytes()))

    with pytest.raises(PublishError, match="is not an RPM package"):
        read(built["app"][0], broken)


def agent_answers(home: Path) -> bool:
    """Whether a gpg-agent serves that keyring; asking starts none."""
    command = ["gpg-connect-agent", "--no-autostart", "--homedir", home, "/bye"]
    return "no gpg-agent running" not in run_client(command, GNUPGHOME=str(home)).stdout
