"""TLS of connections from workers on other machines: who is at the other end."""

from __future__ import annotations

from typing import Any

from OpenSSL import crypto
from twisted.internet import interfaces
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.ssl import Certificate, CertificateOptions, KeyPair, PrivateCertificate
from twisted.logger import Logger
from zope.interface import implementer

from farm.growing.authority import Authority
from farm.site import Site

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - recognised, not used
_log = Logger()


def tls_options(authority: Authority, *, everybody: bool) -> CertificateOptions:
    """How the master serves TLS: with the authority's certificate, to whoever has one of it.

    :param everybody: also to those without any; who has a wrong one is refused all the same.
    """
    certificate, key = authority.server()
    pair = KeyPair.load(key.read_bytes(), crypto.FILETYPE_PEM)
    own = PrivateCertificate.fromCertificateAndKeyPair(
        Certificate.loadPEM(certificate.read_bytes()), pair
    )
    trusted = Certificate.loadPEM(authority.certificate_path.read_bytes())
    return CertificateOptions(
        privateKey=own.privateKey.original,
        certificate=own.original,
        caCerts=[trusted.original],
        verify=True,
        requireCertificate=not everybody,
    )


def worker_of(transport: Any, authority: Authority, site: Site) -> str:
    """The worker at the other end of a TLS connection; empty where it is none of the site's.

    The connection itself was refused already where the certificate is not the authority's.
    """
    certificate = transport.getPeerCertificate()
    if certificate is None:
        return ""
    name = str(certificate.get_subject().CN)
    if name in site.workers and authority.accepts(name, certificate.get_serial_number()):
        return name
    return ""


@implementer(interfaces.IHandshakeListener)
class _FromOutside(Protocol):
    """One worker's connection, handed on to the master's own port once it is known who it is."""

    def __init__(self, gate: WorkerGate):
        self._gate = gate
        self._inside: Any = None
        self._early: list[bytes] = []

    def handshakeCompleted(self) -> None:
        """Look who it is, and connect."""
        name = worker_of(self.transport, self._gate.authority, self._gate.site)
        if not name:
            peer = self.transport.getPeer().host
            _log.warn("a certificate that counts no more, from {peer}", peer=peer)
            self.transport.loseConnection()
            return
        listen = self._gate.site.workers_listen
        host = "127.0.0.1" if listen.host in EVERYWHERE else listen.host
        endpoint = HostnameEndpoint(self._gate.reactor, host, listen.port)
        inside = Factory.forProtocol(lambda: _ToMaster(self))
        endpoint.connect(inside).addErrback(self._failed)

    def _failed(self, failure: Any) -> None:
        _log.error("the master's own port: {why}", why=failure.getErrorMessage())
        self.transport.loseConnection()

    def connected_inside(self, inside: Any) -> None:
        """The master listens: what was sent meanwhile goes there."""
        self._inside = inside
        if not self.transport.connected:
            inside.loseConnection()
            return
        inside.registerProducer(self.transport, True)
        self.transport.registerProducer(inside, True)
        for data in self._early:
            inside.write(data)
        self._early.clear()

    def dataReceived(self, data: bytes) -> None:
        """Hand on what the worker says."""
        if self._inside is None:
            self._early.append(data)
        else:
            self._inside.write(data)

    def connectionLost(self, reason: Any = None) -> None:
        """The worker is gone."""
        if self._inside is not None:
            self._inside.loseConnection()


class _ToMaster(Protocol):
    """The other half: to the port that workers on this machine connect to."""

    def __init__(self, outside: _FromOutside):
        self._outside = outside

    def connectionMade(self) -> None:
        """Tell the first half."""
        self._outside.connected_inside(self.transport)

    def dataReceived(self, data: bytes) -> None:
        """Hand on what the master says."""
        self._outside.transport.write(data)

    def connectionLost(self, reason: Any = None) -> None:
        """The master has ended it."""
        self._outside.transport.loseConnection()


class WorkerGate(Factory):
    """Where workers of other machines connect."""

    noisy = False

    def __init__(self, reactor: Any, site: Site, authority: Authority):
        self.reactor, self.site, self.authority = reactor, site, authority

    def buildProtocol(self, addr: Any) -> Protocol:
        """One connection."""
        protocol = _FromOutside(self)
        protocol.factory = self
        return protocol
