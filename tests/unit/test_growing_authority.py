"""The farm's own authority: whose certificates count, and until when."""

from __future__ import annotations

import datetime
import stat
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from farm.errors import FarmError
from farm.growing.authority import (
    Authority,
    days_left,
    is_due,
    new_key,
    pin_of,
    read_certificate,
    request_pem,
)
from farm.growing.invitations import BadToken, Invitations
from farm.growing.settings import Remote

DAY = datetime.timedelta(days=1)


def authority(state: Path, **remote: object) -> Authority:
    return Authority(state, Remote(host="farm.example.org", **remote))


def certificate_of(issuer: Authority, name: str = "one", *, first: bool = True):
    issued = issuer.issue(request_pem(new_key(), "whatever"), name, first=first)
    return x509.load_pem_x509_certificate(issued.pem), issued.serial


def test_a_certificate_has_the_name_that_the_farm_gives_not_the_one_asked_for(tmp_path):
    issuer = authority(tmp_path)
    made, _ = certificate_of(issuer)
    assert made.subject.rfc4514_string() == "CN=one"
    made.verify_directly_issued_by(issuer.certificate)


def test_secrets_are_for_the_owner_alone(tmp_path):
    issuer = authority(tmp_path)
    _, key = issuer.server()
    assert stat.S_IMODE(issuer.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in (key, issuer.folder / "ca.key")} == {0o600}


def test_the_authority_is_made_once(tmp_path):
    assert authority(tmp_path).certificate == authority(tmp_path).certificate


def test_joining_again_makes_the_certificates_of_before_void_and_renewing_does_not(tmp_path):
    issuer = authority(tmp_path)
    _, old = certificate_of(issuer)
    _, renewed = certificate_of(issuer, first=False)
    assert issuer.accepts("one", old) and issuer.accepts("one", renewed)
    _, anew = certificate_of(issuer)
    assert not issuer.accepts("one", renewed) and issuer.accepts("one", anew)
    assert not issuer.accepts("two", anew)
    issuer.forget("one")
    assert not issuer.accepts("one", anew) and issuer.expires("one") == 0


def test_what_is_no_request_is_refused(tmp_path):
    with pytest.raises(FarmError, match="no request"):
        authority(tmp_path).issue(b"hello", "one", first=True)


def test_the_master_has_all_its_names_and_another_one_renews_it_with_the_same_key(tmp_path):
    first = authority(tmp_path).server()[0]
    pin = pin_of(read_certificate(first))
    issuer = authority(tmp_path, also=("10.0.0.1",))
    names = read_certificate(issuer.server()[0]).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert [str(name.value) for name in names.value] == ["farm.example.org", "10.0.0.1"]
    assert issuer.pin() == pin
    assert issuer.server()[0].read_bytes() == first.read_bytes()


def test_a_certificate_is_renewed_in_its_last_third(tmp_path):
    made, _ = certificate_of(authority(tmp_path, certificate_days=90))
    end = made.not_valid_after_utc
    assert not is_due(made, end - 31 * DAY)
    assert is_due(made, end - 29 * DAY)
    assert days_left(made, end - 10 * DAY) == 10
    assert days_left(made, end + DAY) == -1


def test_no_certificate_outlives_the_authority(tmp_path):
    issuer = authority(tmp_path, authority_days=30, certificate_days=90)
    made, _ = certificate_of(issuer)
    assert made.not_valid_after_utc == issuer.certificate.not_valid_after_utc


def test_a_token_works_once(tmp_path):
    invitations = Invitations(tmp_path)
    token = invitations.invite("one", hours=1)
    assert invitations.worker(token) == invitations.redeem(token) == "one"
    for use in (invitations.worker, invitations.redeem):
        with pytest.raises(BadToken, match="used already"):
            use(token)


def test_a_token_is_nowhere_on_the_disk(tmp_path):
    token = Invitations(tmp_path).invite("one", hours=1)
    assert all(token not in p.name + p.read_text() for p in (tmp_path / "invitations").iterdir())


def test_a_second_invitation_makes_the_first_void_and_leaves_those_of_others(tmp_path):
    invitations = Invitations(tmp_path)
    first, other = invitations.invite("one", 1), invitations.invite("two", 1)
    second = invitations.invite("one", 1)
    with pytest.raises(BadToken):
        invitations.worker(first)
    assert (invitations.worker(second), invitations.worker(other)) == ("one", "two")


@settings(max_examples=20, deadline=None)
@given(hours=st.floats(0.01, 100), passed=st.floats(0, 200))
def test_a_token_ends(tmp_path_factory, hours, passed):
    now = [1000.0]
    invitations = Invitations(tmp_path_factory.mktemp("x"), clock=lambda: now[0])
    token = invitations.invite("one", hours)
    now[0] += passed * 3600
    if passed * 3600 > hours * 3600 + 1:
        with pytest.raises(BadToken, match="too old"):
            invitations.redeem(token)
    elif passed < hours:
        assert invitations.redeem(token) == "one"


@pytest.mark.parametrize("token", ["", "x", "../../etc/passwd", "é"])
def test_what_is_no_token_opens_nothing(tmp_path, token):
    with pytest.raises(BadToken):
        Invitations(tmp_path).redeem(token)
