"""Answers kept as bytes until the plans or records change: pages that ask again cost nothing."""

from __future__ import annotations

import gzip
import hashlib
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from http import HTTPStatus

MOST = 200
MOST_BYTES = 64 << 20
SMALL = 1024
"""Bytes below which packing does not pay."""
GZIP_LEVEL = 1
"""Three times as fast as the default level, for a tenth more bytes."""

Place = tuple[str, str]
"""Address, and the parameters as JSON."""


@dataclass(frozen=True)
class Kept:
    """An answer as it is sent."""

    status: HTTPStatus
    body: bytes = b""
    kind: str = ""
    etag: str = ""
    made_at: float = 0.0
    """By the monotonic clock."""
    _packed: list[bytes] = field(default_factory=list, compare=False)

    @property
    def worth_packing(self) -> bool:
        """Whether compression pays."""
        return len(self.body) >= SMALL

    def packed(self) -> bytes:
        """The body in gzip, packed once."""
        if not self._packed:
            self._packed.append(gzip.compress(self.body, GZIP_LEVEL, mtime=0))
        return self._packed[0]

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        return len(self.body) + sum(map(len, self._packed))


class KeptAnswers:
    """The answers that were asked for last."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Place, Kept] = OrderedDict()

    def etag(self, place: Place, revision: str) -> str:
        """What an answer is known by while nothing changes."""
        digest = hashlib.blake2b(f"{place}{revision}".encode(), digest_size=12).hexdigest()
        return f'"{digest}"'

    def get(self, place: Place, etag: str) -> Kept | None:
        """The answer, if it is kept and still holds."""
        known = self._answers.get(place)
        if known is None or known.etag != etag:
            return None
        self._answers.move_to_end(place)
        return known

    def young(self, place: Place, most_s: float) -> Kept | None:
        """The answer, if it was made that shortly ago, whether or not it still holds."""
        known = self._answers.get(place)
        return known if known and time.monotonic() - known.made_at < most_s else None

    def put(self, place: Place, etag: str, answer: Kept) -> Kept:
        """Keep an answer; return it as it is sent."""
        answer = replace(answer, etag=etag, made_at=time.monotonic())
        self._answers[place] = answer
        self._answers.move_to_end(place)
        while len(self._answers) > 1 and (
            len(self._answers) > MOST or sum(a.size for a in self._answers.values()) > MOST_BYTES
        ):
            self._answers.popitem(last=False)
        return answer
