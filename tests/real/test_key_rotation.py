"""Replacing the signing key, with apt and dnf clients that were there before, and a signer that is
elsewhere."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from repo_publish.checks import check_signature
from repo_publish.errors import PublishError
from repo_publish.gnupg import key_list
from repo_publish.held_back import held_back
from repo_publish.keys import Keyring
from repo_publish.manifest import load_manifest
from repo_publish.verify import verify_snapshot
from tests.archive_clients import AptClient, DnfClient, Farm, add_package, run_client, served

pytestmark = pytest.mark.real

FARM = Path(sys.executable).with_name("farm")


@pytest.fixture
def deb_farm(tmp_path: Path) -> Iterator[Farm]:
    yield from a_farm(tmp_path, "deb")


@pytest.fixture
def rpm_farm(tmp_path: Path) -> Iterator[Farm]:
    yield from a_farm(tmp_path, "rpm")


def a_farm(directory: Path, family: str) -> Iterator[Farm]:
    farm = Farm(directory, family)
    with served(farm.archive) as farm.url:
        add_package(farm, "stays", "1.0")
        add_package(farm, "app", "1.0")
        farm.publish()
        yield farm


def key(farm: Farm, *arguments: str, expected: int = 0) -> str:
    """`farm archive key …`; what it prints."""
    place = [] if arguments[0] in ("show", "export", "signer") else ["--archive", farm.archive]
    done = run_client(
        [FARM, "archive", "key", arguments[0], *place, "--keys", farm.keys, *arguments[1:]]
    )
    assert done.returncode == expected, done.stdout
    return done.stdout


def fingerprints(farm: Farm) -> list[str]:
    """Of the archive's keys, the current first."""
    return [one["fingerprint"] for one in json.loads(key(farm, "show", "--json"))["keys"]]


def done(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 0, result.stdout
    return result.stdout


def test_apt_survives_a_rotation_when_it_takes_the_file_again_in_between(deb_farm: Farm) -> None:
    farm = deb_farm
    before = (farm.live / "farm.sources").read_text()
    faithful = AptClient(farm.directory / "faithful", before)
    forgetful = AptClient(farm.directory / "forgetful", before)
    done(faithful.apt_get("update"))

    assert "tell the users of apt" in key(farm, "rotate").lower()
    for client in (faithful, forgetful):
        assert "W:" not in done(client.apt_get("update")), "whoever trusts the old key sees nothing"
    newcomer = AptClient(farm.directory / "newcomer", (farm.live / "farm.sources").read_text())
    done(newcomer.apt_get("update"))
    sources = faithful.root / "etc/apt/sources.list.d/farm.sources"
    sources.write_text((farm.live / "farm.sources").read_text())
    done(faithful.apt_get("update"))
    add_package(farm, "app", "1.1")
    farm.publish()

    key(farm, "rotate", "--finish")
    add_package(farm, "app", "1.2")
    farm.publish()
    for client in (faithful, newcomer):
        done(client.apt_get("update"))
        done(client.apt_get("install", "app", "stays"))
        assert client.version("app") == "1.2"
    refused = forgetful.apt_get("update")
    assert refused.returncode != 0
    assert "NO_PUBKEY" in refused.stdout
    only_new = AptClient(farm.directory / "later", (farm.live / "farm.sources").read_text())
    done(only_new.apt_get("update"))
    assert (farm.live / "farm.sources").read_text().count("BEGIN PGP") == 1
    assert not (farm.live / "key-transition.txt").exists()


def test_dnf_survives_a_rotation_by_itself(rpm_farm: Farm) -> None:
    farm = rpm_farm
    repo = (farm.live / "farm.repo").read_text()
    client, late = (DnfClient(farm.directory / name, repo) for name in ("client", "late"))
    for one in (client, late):
        done(one.dnf("install", "stays"))

    key(farm, "rotate")
    add_package(farm, "app", "1.1")
    farm.publish()
    assert "Importing GPG key" not in done(client.dnf("install", "app")), "the old key still signs"
    done(DnfClient(farm.directory / "newcomer", repo).dnf("install", "app", "stays"))

    key(farm, "rotate", "--finish")
    add_package(farm, "app", "1.2")
    farm.publish()
    assert "Importing GPG key" in done(client.dnf("upgrade"))
    assert client.version("app") == "1.2-1.el9"
    # What was not there in between gets along as well; packages of both keys install together.
    done(late.dnf("install", "app"))
    assert late.version("app") == "1.2-1.el9"
    done(DnfClient(farm.directory / "later", repo).dnf("install", "app", "stays"))


def test_both_keys_vouch_for_everything_in_between(deb_farm: Farm, tmp_path: Path) -> None:
    farm = deb_farm
    old = tmp_path / "old"
    old.mkdir()
    for name in ("farm.gpg", "farm.asc"):
        (old / name).write_bytes((farm.live / name).read_bytes())

    key(farm, "rotate")

    manifest = load_manifest(farm.live)
    assert list(manifest.signing_keys) == fingerprints(farm)
    assert manifest.signing_key == manifest.signing_keys[0]
    verify_snapshot(farm.live)
    verify_snapshot(farm.live, keys=old)
    new = tmp_path / "new.gpg"
    keyring = Keyring(farm.keys)
    keyring.export(keyring.keys(sys.stderr).active[1:], new, armor=False)
    for name in ("InRelease", "../../key-transition.txt"):
        signed = farm.live / "dists/bookworm" / name
        check_signature(signed, old / "farm.gpg")
        check_signature(signed, new)
    text = (farm.live / "key-transition.txt").read_text()
    for fingerprint in fingerprints(farm):
        assert fingerprint in re.sub(r"(?<=[0-9A-F]) (?=[0-9A-F])", "", text)
    assert "New key." in (farm.live / "index.html").read_text()


def test_a_rotation_changes_signatures_and_nothing_else(deb_farm: Farm) -> None:
    farm = deb_farm
    add_package(farm, "app", "0.9")
    before = load_manifest(farm.live)
    with pytest.raises(PublishError):
        farm.publish()
    held = held_back(farm.line)
    assert [one.component for one in held] == ["app"]

    key(farm, "rotate")

    after = load_manifest(farm.live)
    assert after.number == before.number + 1
    assert [c.key for c in after.components] == [c.key for c in before.components]
    assert after.held_back == held == held_back(farm.line)
    assert "is signed with these keys" in key(farm, "apply")
    assert load_manifest(farm.live).number == after.number


def test_a_rotation_can_be_given_up(deb_farm: Farm) -> None:
    farm = deb_farm
    old = load_manifest(farm.live).signing_key
    key(farm, "rotate", "--finish", expected=3)
    key(farm, "rotate")
    assert "already" in key(farm, "rotate", expected=3)

    key(farm, "rotate", "--give-up")

    assert load_manifest(farm.live).signing_keys == (old,)
    verify_snapshot(farm.live)


def test_a_key_that_was_imported_takes_over(deb_farm: Farm) -> None:
    farm = deb_farm
    made = generate(farm.keys, "Another key", "rsa3072")

    add_package(farm, "app", "1.1")
    farm.publish()
    assert load_manifest(farm.live).signing_key != made, "importing a key changes nothing"
    key(farm, "rotate", "--to", made)
    key(farm, "rotate", "--finish")

    assert load_manifest(farm.live).signing_key == made
    assert "has no key" in key(farm, "rotate", "--to", "F" * 40, expected=3)


def test_expiry_is_told_in_time(deb_farm: Farm) -> None:
    farm = deb_farm
    month = generate(farm.keys, "Short-lived key", "rsa3072", valid="30d")
    key(farm, "rotate", "--to", month)
    key(farm, "rotate", "--finish")

    assert "expires on" in farm.publish().warnings[0]
    shown = json.loads(key(farm, "show", "--json"))
    assert shown["keys"][0]["days_left"] in (29, 30)
    assert "expires on" in shown["warnings"][0]
    assert "farm archive key rotate" in key(farm, "show")
    expires = load_manifest(farm.live).key_expires
    assert 29 < (expires - time.time()) / 86400 < 31
    day = time.strftime("%Y-%m-%d", time.gmtime(expires))
    assert f"valid until {day}" in (farm.live / "index.html").read_text()
    exported = key(farm, "export")
    assert "-----BEGIN PGP PUBLIC KEY BLOCK-----" in exported
    assert "PRIVATE" not in exported


SIGNER = """\
#!/bin/sh
# Signs where the secret keys are: {home}
set -eu
mode=$1; shift
for fingerprint; do set -- "$@" --local-user "$fingerprint!"; shift; done
case $mode in
  clearsign) how="--armor --clearsign" ;;
  detach) how="--armor --detach-sign" ;;
  detach-binary) how="--detach-sign" ;;
  *) echo "what is $mode?" >&2; exit 2 ;;
esac
echo "$mode" >> {home}/calls
exec gpg --homedir {home} --batch --quiet --no-tty --digest-algo SHA256 "$@" $how
"""


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Path]:
    """A host that has the secret key, as far as the publisher can see."""
    home = tmp_path / "vault"
    home.mkdir(mode=0o700)
    script = tmp_path / "farm-sign"
    script.write_text(SIGNER.format(home=home))
    script.chmod(0o755)
    generate(home, "Key in the vault", "rsa3072")
    yield home
    run_client(["gpgconf", "--homedir", home, "--kill", "gpg-agent"])


def use_vault(farm: Farm, vault: Path) -> str:
    """Have the vault sign for a farm that has nothing published yet; the key's fingerprint."""
    (made,) = key_list(vault)
    exported = run_client(["gpg", "--homedir", vault, "--armor", "--export", made.fingerprint])
    farm.keys.mkdir(mode=0o700)
    public = farm.directory / "public.asc"
    public.write_text(exported.stdout)
    assert run_client(["gpg", "--homedir", farm.keys, "--import", public]).returncode == 0
    key(farm, "signer", "--key", made.fingerprint, "--", str(vault.parent / "farm-sign"))
    return made.fingerprint


@pytest.mark.parametrize("family", ["deb", "rpm"])
def test_a_command_signs_and_no_secret_key_is_here(
    family: str, tmp_path: Path, vault: Path
) -> None:
    farm = Farm(tmp_path / "farm", family)
    farm.directory.mkdir()
    fingerprint = use_vault(farm, vault)
    with served(farm.archive) as farm.url:
        add_package(farm, "app", "1.0")
        farm.publish()

        verify_snapshot(farm.live)
        assert load_manifest(farm.live).signing_key == fingerprint
        assert not list(farm.keys.glob("private-keys-v1.d/*"))
        if family == "deb":
            apt = AptClient(tmp_path / "client", (farm.live / "farm.sources").read_text())
            done(apt.apt_get("update"))
            done(apt.apt_get("install", "app"))
        else:
            dnf = DnfClient(tmp_path / "client", (farm.live / "farm.repo").read_text())
            done(dnf.dnf("install", "app"))
            assert "detach-binary" in (vault / "calls").read_text()


def test_a_signer_that_does_not_sign_changes_nothing(tmp_path: Path, vault: Path) -> None:
    farm = Farm(tmp_path / "farm", "deb")
    farm.directory.mkdir()
    use_vault(farm, vault)
    add_package(farm, "app", "1.0")
    farm.publish()
    script = vault.parent / "farm-sign"
    good = script.read_text()
    add_package(farm, "app", "1.1")

    for lies, message in (
        ("#!/bin/sh\necho no route to the vault >&2; exit 255\n", "no route to the vault"),
        ("#!/bin/sh\nexit 0\n", "printed no signature"),
        ("#!/bin/sh\necho signed, honestly\n", "bad signature"),
        (good.replace("exec gpg", "sed s/a/b/ | gpg"), "signature|differ"),
    ):
        script.write_text(lies)
        with pytest.raises(Exception, match=message):
            farm.publish()
        assert load_manifest(farm.live).number == 1

    script.write_text(good)
    assert farm.publish().number == 2


def test_only_a_command_that_signs_is_taken(deb_farm: Farm, tmp_path: Path) -> None:
    farm = deb_farm
    assert "not installed" in key(farm, "signer", "--", "no-such-program", expected=3)
    key(farm, "signer", "--", "true", expected=1)
    key(farm, "signer", "--", "echo", expected=4)
    stranger = tmp_path / "stranger"
    stranger.mkdir(mode=0o700)
    generate(stranger, "Somebody else", "rsa3072")
    script = tmp_path / "farm-sign"
    script.write_text(SIGNER.format(home=stranger).replace('--local-user "$fingerprint!"', ""))
    script.chmod(0o755)
    key(farm, "signer", "--", str(script), expected=4)

    assert json.loads(key(farm, "show", "--json"))["signer"] == []
    run_client(["gpgconf", "--homedir", stranger, "--kill", "gpg-agent"])


def generate(home: Path, user: str, algorithm: str, valid: str = "1y") -> str:
    """Make a key with gpg, as an administrator would; its fingerprint."""
    before = {one.fingerprint for one in key_list(home)}
    made = run_client(
        [
            *("gpg", "--homedir", home, "--batch", "--pinentry-mode", "loopback"),
            *("--passphrase", "", "--quick-generate-key", user, algorithm, "sign,cert", valid),
        ]
    )
    run_client(["gpgconf", "--homedir", home, "--kill", "gpg-agent"])
    assert made.returncode == 0, made.stdout
    (fresh,) = {one.fingerprint for one in key_list(home)} - before
    return fresh
