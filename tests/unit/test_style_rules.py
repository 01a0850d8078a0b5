"""The guide and the code know the same rules."""

from __future__ import annotations

import re
from pathlib import Path

from farm.style.rules import RULES

GUIDE = (Path(__file__).parents[2] / "docs/style-guide.md").read_text()
HEADINGS = re.findall(r"^### `([a-z-]+)`: (.+)\n\n(error|warning)\b", GUIDE, re.MULTILINE)


def test_the_guide_has_every_rule_in_order_with_its_title_and_level() -> None:
    assert [(rule.id, rule.title, str(rule.level)) for rule in RULES] == HEADINGS


def test_ids_are_used_once() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
