"""The messages: mails with all that their readers need, and a few lines for a chat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from farm.notices.model import Failure, News, Notice, notice_id
from farm.notices.people import recipients, shares
from farm.notices.settings import Notices

MAIL = "mail"
IN_A_MAIL = 50
"""Failures that a mail describes; the rest is named."""
IN_A_CHAT = 8
NAMES = 12
"""Components in a list that is not what a message is about."""
MESSAGE = 400
"""Characters of what a build said last."""

Link = Callable[[Failure], str]


def notices_of(
    news: News,
    settings: Notices,
    *,
    title: str,
    maintainers: Callable[[str], Sequence[str]],
    link: Link,
    moment: float = 0.0,
) -> list[Notice]:
    """The messages that tell some news, each to everybody whom it concerns.

    :param title: of the farm.
    :param maintainers: of a component.
    :param link: where there is more to read of a failure.
    :param moment: when it is told, in seconds since 1970.
    """
    mail, found = settings.mail, []
    for failures, fixed in ((news.broken, False), (news.fixed, True)):
        if failures and mail is not None:
            who = {one: recipients(one, mail, maintainers(one.component)) for one in failures}
            for to, its in shares(failures, who.__getitem__).items():
                found.append(_mail(to, its, fixed, title, link))
        if failures:
            found += [_chat(chat.secret, failures, fixed, link) for chat in settings.chats]
    # Told twice of the same, as when a base goes back and forth, is two messages.
    return [replace(one, id=notice_id(one.id, str(moment))) for one in found]


def _mail(
    to: tuple[str, ...], failures: Sequence[Failure], fixed: bool, title: str, link: Link
) -> Notice:
    subject = f"[{title}] {headline(failures, fixed)}"
    if fixed:
        parts = [f"{one.component} builds again.\n{link(one)}" for one in failures]
    else:
        parts = [described(one, link) for one in failures[:IN_A_MAIL]]
        if rest := failures[IN_A_MAIL:]:
            parts.append(f"And {', '.join(one.component for one in rest)}.")
        parts.append("You hear of them again when they are fixed; not of further failed builds.")
    ids = tuple(one.id for one in failures)
    about = notice_id(MAIL, str(fixed), *to, *ids)
    return Notice(about, MAIL, to, subject, "\n\n".join(parts) + "\n", ids[:IN_A_MAIL])


def _chat(way: str, failures: Sequence[Failure], fixed: bool, link: Link) -> Notice:
    lines = [f"{'✔' if fixed else '✘'} {headline(failures, fixed)}"]
    for one in failures[:IN_A_CHAT] if len(failures) > 1 or not fixed else ():
        said = "" if fixed else f": {_what(one)}{_blocks(one, ' (blocks {})')}"
        lines.append(f"{one.component}{said} {link(one)}")
    if rest := failures[IN_A_CHAT:]:
        lines.append(f"and {few([one.component for one in rest])}")
    about = notice_id(way, str(fixed), *(one.id for one in failures))
    return Notice(about, way, (), lines[0], "\n".join(lines))


def headline(failures: Sequence[Failure], fixed: bool) -> str:
    """What a message says in one line."""
    first = failures[0]
    line = f"{first.channel}/{first.distro}"
    if len(failures) > 1:
        return f"{line}: {len(failures)} components {'build again' if fixed else 'fail'}"
    if fixed:
        return f"{line}: {first.component} builds again"
    return f"{line}: {first.component} fails{f' ({first.phase})' if first.phase else ''}"


def described(failure: Failure, link: Link) -> str:
    """A failure for those who are to mend it."""
    lines = [
        f"{failure.component} fails on {failure.channel}/{failure.distro}",
        f"  {_what(failure)}",
        f"  commit {failure.commit[:12]}: {failure.subject}",
    ]
    if failure.reasons:
        lines.append(f"  built because: {'; '.join(failure.reasons)}")
    if failure.authors:
        lines.append(f"  new commits by: {', '.join(failure.authors)}")
    lines.append(_blocks(failure, "  blocks {}"))
    lines.append(f"  {link(failure)}")
    return "\n".join(line for line in lines if line)


def _what(failure: Failure) -> str:
    said = " ".join(failure.message.split())
    said = said if len(said) <= MESSAGE else f"{said[: MESSAGE - 1]}…"
    return f"{failure.phase}: {said}" if failure.phase else said


def _blocks(failure: Failure, words: str) -> str:
    return words.format(few(failure.blocks)) if failure.blocks else ""


def few(names: Iterable[str]) -> str:
    """Some names, and how many more there are."""
    known = list(names)
    rest = len(known) - NAMES
    return ", ".join(known[:NAMES]) + (f" and {rest} more" if rest > 0 else "")
