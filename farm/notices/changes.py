"""What is new on a line, and whether it is time to tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from farm.notices.model import Failure, Look, News
from farm.records.rows import LineId


def news_of(told: Mapping[str, Failure], look: Look) -> News:
    """How a line differs from what was told of it.

    What fails still, in whatever way, is not news; what is gone from the line is none either.

    :param told: component to the failure that was told and is not told as fixed.
    """
    broken = (failure for name, failure in sorted(look.failed.items()) if name not in told)
    fixed = (told[name] for name in sorted(told) if name in look.sound)
    return News(look.line, tuple(broken), tuple(fixed))


@dataclass
class Collector:
    """Holds news back until a generation settles, or they have waited long enough.

    News are kept nowhere: what is not told yet is found again at the next look. Only since when
    they wait is remembered; forgetting it at a restart costs a delay.

    :param patience_s: how long news of a running generation wait.
    """

    patience_s: float
    _since: dict[LineId, float] = field(default_factory=dict)

    def due(self, news: News, settled: bool, now: float) -> bool:
        """Whether to tell the news of a line now."""
        if not news:
            self._since.pop(news.line, None)
            return False
        waited = now - self._since.setdefault(news.line, now)
        if not settled and waited < self.patience_s:
            return False
        del self._since[news.line]
        return True
