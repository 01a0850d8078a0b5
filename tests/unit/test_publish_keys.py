"""What is said of keys: roles, expiry, the transition."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from repo_publish import keys as module
from repo_publish.client_files import key_transition
from repo_publish.errors import PublishError
from repo_publish.gnupg import SigningKey
from repo_publish.keys import Keyring, Keys, KeySettings, expiry_warning
from repo_publish.rendering import grouped
from repo_publish.rpm_remote import main as rpm_remote
from repo_publish.signers import HOME_FOR_SIGNER, RemoteSigner, run_signer
from tests.manifests import URL, a_manifest

NOW = 1_800_000_000
DAY = 24 * 3600
OLD = SigningKey("A" * 40, NOW - 900 * DAY, NOW + 100 * DAY)
NEW = SigningKey("B" * 40, NOW, NOW + 1000 * DAY)


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    """A keyring with both keys."""
    monkeypatch.setattr(module, "key_list", lambda home: [OLD, NEW])
    monkeypatch.setattr(module.time, "time", lambda: NOW)
    return Keyring(tmp_path)


def test_without_a_rotation_one_key_does_everything() -> None:
    keys = Keys(OLD)

    assert keys.active == keys.known == (OLD,)


def test_during_a_rotation_both_sign_and_the_old_one_signs_packages() -> None:
    keys = Keys(OLD, NEW)

    assert keys.active == (OLD, NEW)
    assert keys.fingerprints == ("A" * 40, "B" * 40)


def test_afterwards_the_old_one_is_known_and_signs_nothing() -> None:
    keys = Keys(NEW, None, (OLD,))

    assert (keys.active, keys.known) == ((NEW,), (NEW, OLD))


@pytest.mark.parametrize(
    ("days", "said"),
    [(-1, "expired on"), (1, "expires on"), (59, "expires on"), (61, ""), (900, "")],
)
def test_two_months_before_expiry_people_are_told(days: int, said: str) -> None:
    warning = expiry_warning(SigningKey("A" * 40, 0, NOW + days * DAY), NOW)

    assert said in warning
    assert bool(warning) == bool(said)


def test_a_key_without_an_end_is_never_warned_of() -> None:
    assert expiry_warning(SigningKey("A" * 40, 0, 0), NOW) == ""


def test_the_newest_key_is_taken_once_and_for_all(keyring: Keyring) -> None:
    assert keyring.keys(io.StringIO()).current == NEW
    keyring.write(KeySettings(current=OLD.fingerprint))

    assert keyring.keys(io.StringIO()).current == OLD


def test_a_key_that_is_gone_is_named(keyring: Keyring) -> None:
    keyring.write(KeySettings(current=OLD.fingerprint, next="C" * 40))

    with pytest.raises(PublishError, match=f"has no key {'C' * 40}"):
        keyring.keys(io.StringIO())


def test_a_damaged_file_is_named(keyring: Keyring) -> None:
    (keyring.home / "keys.json").write_text('{"current": ')

    with pytest.raises(PublishError, match=r"keys\.json is damaged"):
        keyring.keys(io.StringIO())


def test_only_the_key_that_stays_is_warned_of(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.time, "time", lambda: OLD.expires - DAY)
    log = io.StringIO()

    keyring.write(KeySettings(current=OLD.fingerprint, next=NEW.fingerprint))
    keyring.keys(log)
    assert log.getvalue() == ""

    keyring.write(KeySettings(current=OLD.fingerprint))
    keyring.keys(log)
    assert log.getvalue().startswith("warning: the signing key AAAA")


def test_an_expired_key_does_not_sign(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.time, "time", lambda: OLD.expires + 1)
    keyring.write(KeySettings(current=OLD.fingerprint))

    with pytest.raises(PublishError, match="expired on"):
        keyring.keys(io.StringIO())


def test_the_transition_says_what_each_familys_users_do() -> None:
    deb = key_transition(a_manifest(), Keys(OLD, NEW, since=NOW))
    rpm = key_transition(a_manifest(family="rpm", distro="el9"), Keys(OLD, NEW, since=NOW))

    for text in (deb, rpm):
        assert grouped(OLD.fingerprint) in text
        assert grouped(NEW.fingerprint) in text
        assert "2027-01-15" in text
    assert f"{URL}/development/bookworm/farm.sources" in deb
    assert f"rpm --import {URL}/development/el9/farm.asc" in rpm
    assert key_transition(a_manifest(), Keys(OLD)) == ""


def test_a_command_gets_the_data_and_the_fingerprints(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("data")
    signer = RemoteSigner([OLD, NEW], ["sh", "-c", 'echo "$@"; cat', "sh"])

    signer.detach(text, tmp_path / "signature")

    said = (tmp_path / "signature").read_text()
    assert said == f"detach {OLD.fingerprint} {NEW.fingerprint}\ndata"


def test_what_a_command_is_given_is_quoted_for_rpm() -> None:
    macros = RemoteSigner([OLD, NEW], ["ssh", "signer@vault", "it's here"]).rpm_macros()

    assert "%{shescape:it's here}" in macros["__gpg_sign_cmd"]
    assert f"%{{shescape:{OLD.fingerprint}}}" in macros["__gpg_sign_cmd"]
    assert NEW.fingerprint not in macros["__gpg_sign_cmd"], "a package has one signature"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["sh", "-c", "echo no >&2; exit 7"], "exited with 7\n  no"),
        (["true"], "it printed no signature"),
        (["/no/such/program"], "No such file"),
    ],
)
def test_a_command_that_fails_is_told_in_its_own_words(command: list[str], message: str) -> None:
    with pytest.raises(Exception, match=message):
        run_signer(command, b"data", "a file")


def test_rpm_hands_over_a_file_and_takes_a_signature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv(HOME_FOR_SIGNER, str(tmp_path))
    data, signature = tmp_path / "data", tmp_path / "signature"
    data.write_text("header")

    command = ["sh", "-c", 'echo "$HOME $1"; cat', "sh", "--", "detach-binary"]
    status = rpm_remote([*command, "--", str(signature), str(data)])

    assert status == 0
    assert signature.read_text() == f"{tmp_path} --\nheader"
    assert rpm_remote(["false", "--", str(signature), str(data)]) == 1
