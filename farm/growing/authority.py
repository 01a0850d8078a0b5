"""The farm's own certificate authority: who may connect to it from another machine.

It lies in <state>/tls, mode 0700. Workers make their keys themselves and send only requests.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import ipaddress
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from farm.errors import FarmError
from farm.files import write_atomically
from farm.growing.settings import Remote

CLOCK_SKEW = datetime.timedelta(hours=1)
"""How far a worker's clock may be behind before it takes a new certificate for a future one."""
AUTHORITY_WARNING_DAYS = 180
Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Issued:
    """A certificate for a worker."""

    pem: bytes
    serial: int
    expires: float


def new_key() -> Key:
    """A new private key."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: Key) -> bytes:
    """A private key as text."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def request_pem(key: Key, name: str) -> bytes:
    """A request for a certificate of this key."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(name))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def pin_of(certificate: x509.Certificate) -> str:
    """What curl's ``--pinnedpubkey`` wants of a server's certificate."""
    spki = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"sha256//{base64.b64encode(hashlib.sha256(spki).digest()).decode()}"


def is_due(certificate: x509.Certificate, now: datetime.datetime) -> bool:
    """Whether a certificate is in the last third of its life, and to be renewed."""
    lasts = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return now >= certificate.not_valid_after_utc - lasts / 3


def days_left(certificate: x509.Certificate, now: datetime.datetime) -> int:
    """Whole days until a certificate ends; negative when it has."""
    return (certificate.not_valid_after_utc - now).days


def read_certificate(path: Path) -> x509.Certificate:
    """The certificate in a file.

    :raises FarmError: it cannot be read, or holds none.
    """
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise FarmError(f"{path} holds no certificate: {error}") from error


class Authority:
    """The authority of one farm, made on first use.

    :param state: the site's state directory.
    """

    def __init__(self, state: Path, remote: Remote):
        self.folder = state / "tls"
        self._remote = remote
        self._accepted = self.folder / "workers.json"
        self.certificate_path = self.folder / "ca.pem"
        self._make()

    @property
    def certificate(self) -> x509.Certificate:
        """The authority's own certificate."""
        return read_certificate(self.certificate_path)

    def server(self) -> tuple[Path, Path]:
        """Files of the master's certificate and key; a new certificate where the old one is due.

        The key stays, so that a command with its pin stays right.
        """
        certificate, key = self.folder / "server.pem", self.folder / "server.key"
        if not key.exists():
            _write_secret(key, key_pem(new_key()))
        names = (self._remote.host, *self._remote.also)
        if certificate.exists() and self._serves(read_certificate(certificate), set(names)):
            return certificate, key
        alternative = x509.SubjectAlternativeName([_alternative(name) for name in names])
        builder = self._builder(_name(self._remote.host), _load_key(key).public_key())
        builder = builder.add_extension(alternative, critical=False).add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
        write_atomically(certificate, self._signed(builder).decode())
        return certificate, key

    def _serves(self, certificate: x509.Certificate, names: set[str]) -> bool:
        """Whether the master's certificate is this authority's, has these names and is not due."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (InvalidSignature, ValueError):
            return False
        return _names_in(certificate) == names and not is_due(certificate, _now())

    def pin(self) -> str:
        """The pin of the master's certificate."""
        return pin_of(read_certificate(self.server()[0]))

    def issue(self, request: bytes, name: str, *, first: bool) -> Issued:
        """A certificate for a worker's key.

        :param request: what the worker sent; only its key counts.
        :param first: it joins: certificates that the name had before count no more.
        :raises FarmError: it is no request.
        """
        try:
            asked = x509.load_pem_x509_csr(request)
        except ValueError as error:
            raise FarmError("this is no request for a certificate") from error
        key = asked.public_key()
        if not asked.is_signature_valid or not isinstance(key, ec.EllipticCurvePublicKey):
            raise FarmError("the request for a certificate has no valid elliptic-curve key")
        builder = self._builder(_name(name), key).add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        pem = self._signed(builder)
        made = x509.load_pem_x509_certificate(pem)
        issued = Issued(pem, made.serial_number, made.not_valid_after_utc.timestamp())
        accepted = self._known()
        before = {} if first else accepted.get(name, {})
        now = _now().timestamp()
        kept = {serial: end for serial, end in before.items() if end > now}
        self._keep({**accepted, name: {**kept, f"{issued.serial:x}": issued.expires}})
        return issued

    def accepts(self, name: str, serial: int) -> bool:
        """Whether a certificate of that name and number still counts."""
        return f"{serial:x}" in self._known().get(name, {})

    def expires(self, name: str) -> float:
        """When the newest certificate of a worker ends; 0: it has none."""
        return max(self._known().get(name, {}).values(), default=0.0)

    def forget(self, name: str) -> None:
        """Accept no certificate of a worker any more."""
        known = self._known()
        if known.pop(name, None) is not None:
            self._keep(known)

    def _make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = self.folder / "ca.key"
        if self.certificate_path.exists():
            return
        if not key.exists():
            _write_secret(key, key_pem(new_key()))
        private = _load_key(key)
        name = _name(f"Farm at {self._remote.host}"[:64])
        now = _now()
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - CLOCK_SKEW)
            .not_valid_after(now + datetime.timedelta(days=self._remote.authority_days))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False
            )
            .sign(private, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        write_atomically(self.certificate_path, pem.decode())

    def _builder(
        self, subject: x509.Name, public: ec.EllipticCurvePublicKey
    ) -> x509.CertificateBuilder:
        authority, now = self.certificate, _now()
        end = now + datetime.timedelta(days=self._remote.certificate_days)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(_public(authority))
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(authority.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - CLOCK_SKEW)
            .not_valid_after(min(end, authority.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(issuer, critical=False)
        )

    def _signed(self, builder: x509.CertificateBuilder) -> bytes:
        key = _load_key(self.folder / "ca.key")
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _known(self) -> dict[str, dict[str, float]]:
        try:
            return dict(json.loads(self._accepted.read_text()))
        except FileNotFoundError:
            return {}

    def _keep(self, accepted: Mapping[str, Mapping[str, float]]) -> None:
        write_atomically(self._accepted, json.dumps(accepted, indent=1))


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _names_in(certificate: x509.Certificate) -> set[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return set()
    return {str(name.value) for name in found.value}


def _public(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise FarmError("the authority's certificate has a key of another kind")
    return key


def _load_key(path: Path) -> Key:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise FarmError(f"{path} holds a key of another kind")
    return key


def _write_secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, unless another process was quicker."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
