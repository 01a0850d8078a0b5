"""The first words with a farm whose authority is not known yet: its key is, by an invitation."""

from __future__ import annotations

import http.client
import ssl
from urllib.parse import urlsplit

from cryptography import x509

from farm.errors import FarmError, InfrastructureError
from farm.growing.authority import pin_of

TIMEOUT_S = 30.0
MAX_BYTES = 1 << 20


class WrongFarm(FarmError):
    """Whoever answers is not the farm that the invitation is of."""


def authority_of(url: str, pin: str) -> bytes:
    """The certificate of a farm's authority, from the server that has the pinned key.

    :param pin: ``sha256//…``, as curl's ``--pinnedpubkey`` has it.
    :raises WrongFarm: the server has another key; nothing was told to it.
    :raises InfrastructureError: it does not answer.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise FarmError(f"'{url}' is not where a farm takes workers: expected https://HOST:PORT")
    context = ssl.create_default_context()
    # Instead of an authority, which nobody knows yet, the key itself is checked below.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection(
        parts.hostname, parts.port or 443, timeout=TIMEOUT_S, context=context
    )
    try:
        connection.connect()
        der = connection.sock.getpeercert(binary_form=True)
        found = pin_of(x509.load_der_x509_certificate(der)) if der else "none"
        if found != pin:
            raise WrongFarm(
                f"{url} has the key {found}, and the invitation says {pin}: somebody is in "
                "between, or the farm has another key now; ask for another invitation"
            )
        connection.request("GET", "/join/ca.pem")
        answer = connection.getresponse()
        content = answer.read(MAX_BYTES)
        if answer.status != http.client.OK:
            raise FarmError(f"{url} is no farm: it answered {answer.status}")
        return content
    except (OSError, http.client.HTTPException) as error:
        raise InfrastructureError(f"{url} does not answer: {error}") from error
    finally:
        connection.close()
