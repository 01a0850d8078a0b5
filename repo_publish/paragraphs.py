"""A few fields of every paragraph of an index: Packages and Sources files have thousands.

python-debian reads any control file, and takes twenty-five times as long: seconds for an archive
of 5,000 packages, in each publication.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from repo_publish.errors import VerifyError

_BLANK = re.compile(r"^[ \t\r\v\f]+$", re.MULTILINE)


def read_paragraphs(path: Path, fields: Sequence[str]) -> Iterator[dict[str, str]]:
    """Those of `fields` that each paragraph has, with their values as `fields` spells the names.

    Field names are compared without case, and lines that begin with a space or tab continue a
    value (Policy 5.1). Meant for files that tools wrote: no comments, no signatures.

    :raises VerifyError: what is read would depend on the reader: a field twice in a paragraph, a
        line of white space only.
    """
    spelling = {field.lower(): field for field in fields}
    wanted = re.compile(
        rf"^({'|'.join(map(re.escape, fields))}):[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE | re.I
    )
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    if _BLANK.search(text):
        raise VerifyError(f"{path}: a line has nothing but white space")
    for paragraph in text.split("\n\n"):
        found = wanted.findall(paragraph)
        values = {spelling[name.lower()]: value.rstrip() for name, value in found}
        if len(values) != len(found):
            raise VerifyError(f"{path}: a paragraph has a field twice: {paragraph[:200]!r}")
        if values:
            yield values
