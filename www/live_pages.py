"""What a page that is open is told of, without a gap when it is drawn anew.

Buildbot's pages leave a topic and come back to it within a moment, as when a request's page turns
into its build's. What happens in between is told to nobody, and a page that heard of a row before
does not believe the answer that it then asks for: a step of a second stays "pending" until the page
is loaded again. So a topic that a page leaves is kept for a moment.
"""

from __future__ import annotations

from buildbot.www.ws import WsProtocol
from twisted.internet import defer
from twisted.internet.interfaces import IDelayedCall

GRACE_S = 2

_start = WsProtocol.cmd_startConsuming
_stop = WsProtocol.cmd_stopConsuming


def keep_topics_a_moment() -> None:
    """Make Buildbot's socket do so. Doing it again changes nothing."""
    WsProtocol.cmd_startConsuming = _start_or_keep
    WsProtocol.cmd_stopConsuming = _stop_later


def _leaving(self: WsProtocol) -> dict[str, IDelayedCall]:
    topics: dict[str, IDelayedCall] = self.__dict__.setdefault("leaving", {})
    return topics


def _start_or_keep(self: WsProtocol, path: str, _id: str) -> defer.Deferred[None]:
    end = _leaving(self).pop(path, None) if isinstance(path, str) else None
    if end is not None:
        end.cancel()
    return _start(self, path, _id)


def _stop_later(self: WsProtocol, path: str, _id: str) -> defer.Deferred[None]:
    leaving = _leaving(self)
    if not isinstance(path, str) or path in leaving or path not in (self.qrefs or {}):
        return _stop(self, path, _id)

    def end() -> None:
        del leaving[path]
        # Nothing is left to end when the page was closed.
        if self.qrefs and path in self.qrefs:
            self.qrefs.pop(path).stopConsuming()

    leaving[path] = self.master.reactor.callLater(GRACE_S, end)
    self.ack(_id=_id)
    return defer.succeed(None)
