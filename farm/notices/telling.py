"""Takes in how lines stand and writes down what is to be told, once."""

from __future__ import annotations

from farm.generations import Farm
from farm.notices.book import Book
from farm.notices.changes import Collector, news_of
from farm.notices.looking import look_at
from farm.notices.model import News
from farm.notices.settings import Notices
from farm.notices.text import Link, notices_of
from farm.records.rows import LineId


class Teller:
    """Compares the farm with the book, and puts what is new into its outbox.

    :param title: of the farm.
    :param link: where there is more to read of a failure.
    """

    def __init__(self, farm: Farm, book: Book, settings: Notices, title: str, link: Link):
        self._farm = farm
        self._book = book
        self._title = title
        self._link = link
        self._collector = Collector(0)
        self.change(settings)

    def change(self, settings: Notices) -> None:
        """Go on with other settings."""
        self._settings = settings
        self._collector.patience_s = settings.collect_minutes * 60

    def tells(self, line: LineId) -> bool:
        """Whether anything is told of a line: topics and pull requests have tellers elsewhere."""
        return line[0] in self._farm.stack.channels and self._settings.wants(*line)

    def begin(self, now: float) -> None:
        """Begin on a farm: what has failed until now is no news."""
        for line in filter(self.tells, self._farm.lines):
            look = look_at(self._farm, line, {})
            self._book.take(News(line, tuple(look.failed.values())), (), now)
        self._book.begin(now)

    def look(self, line: LineId, now: float) -> bool:
        """Take in how a line stands; to be called before its generation may end.

        :returns: whether there is something new to be sent.
        """
        told = self._book.told(line)
        look = look_at(self._farm, line, told)
        news = news_of(told, look)
        if look.gone:
            self._book.take(News(line), (), now, look.gone)
        if not self._collector.due(news, look.settled, now):
            return False
        components = self._farm.stack.components
        notices = notices_of(
            news,
            self._settings,
            title=self._title,
            maintainers=lambda name: components[name].maintainers if name in components else (),
            link=self._link,
            moment=now,
        )
        self._book.take(news, notices, now)
        return True
