"""Who is told of which failure by mail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from email.utils import parseaddr

from pydantic import TypeAdapter, ValidationError

from farm.model.names import MailAddress
from farm.notices.model import Failure
from farm.notices.settings import Mail

_address: TypeAdapter[str] = TypeAdapter(MailAddress)


def address_of(author: str) -> str:
    """The address in ``Name <address>``, in lower case; empty where there is none to write to."""
    found = parseaddr(author)[1].lower()
    try:
        _address.validate_python(found)
    except ValidationError:
        return ""
    return "" if "noreply" in found or "no-reply" in found else found


def recipients(failure: Failure, mail: Mail, maintainers: Sequence[str]) -> frozenset[str]:
    """The addresses that are told of a failure.

    :param maintainers: of the component.
    """
    authors = (address_of(author) for author in failure.authors)
    asked = {one.lower() for one in (*(maintainers if mail.maintainers else ()), *mail.also)}
    return frozenset(asked | {one for one in authors if one and mail.may_tell(one)})


def shares(
    failures: Iterable[Failure], who: Callable[[Failure], frozenset[str]]
) -> dict[tuple[str, ...], list[Failure]]:
    """Who is told of which failures: addresses that are told the same get one message together."""
    by_address: dict[str, list[Failure]] = {}
    for failure in failures:
        for address in who(failure):
            by_address.setdefault(address, []).append(failure)
    together: dict[tuple[str, ...], list[str]] = {}
    for address, its in sorted(by_address.items()):
        together.setdefault(tuple(one.component for one in its), []).append(address)
    return {tuple(group): by_address[group[0]] for group in together.values()}


def authors_of(
    reasons: Iterable[str], own: str, author: Callable[[str], str | None]
) -> tuple[str, ...]:
    """Whose commits are new in a build.

    :param reasons: why it was built, as `farm.plan.key.differences` says.
    :param own: the author of the component's own commit.
    :param author: the author of another component's commit, None for one that is not known.
    """
    reasons = tuple(reasons)
    found = []
    for reason in reasons:
        kind, _, rest = reason.partition(" ")
        if kind == "dependency":
            found.append(author(rest.split(" ")[0]) or "")
    if not found or any(one.startswith(("new commit", "first build")) for one in reasons):
        found.insert(0, own)
    return tuple(dict.fromkeys(one for one in found if one))
