"""The settings of the hand-off: what a site may say."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from farm.qa import Promotion, Qa, Webhook

HOOK = {"name": "lab", "url": "https://lab.example.org/farm"}
RULE = {"from": "development", "to": "testing", "passed": ["smoke"]}


def test_a_hook_hears_of_the_lines_it_names() -> None:
    hook = Webhook.model_validate({**HOOK, "lines": ["development/*", "stable-*/el9"]})

    assert hook.wants("development/bookworm")
    assert hook.wants("stable-1.2/el9")
    assert not hook.wants("stable-1.2/bookworm")
    assert Webhook.model_validate(HOOK).wants("topic-x/bookworm")


def test_a_rule_applies_to_its_channel_and_distros() -> None:
    everywhere = Promotion.model_validate(RULE)
    one = Promotion.model_validate({**RULE, "distros": ["el9"]})

    assert everywhere.applies_to("development", "bookworm")
    assert not everywhere.applies_to("testing", "bookworm")
    assert one.applies_to("development", "el9")
    assert not one.applies_to("development", "bookworm")


@pytest.mark.parametrize(
    "settings",
    [
        {"webhooks": [HOOK, HOOK]},
        {"webhooks": [{**HOOK, "name": "../evil"}]},
        {"webhooks": [{**HOOK, "url": "ftp://lab.example.org/"}]},
        {"webhooks": [{**HOOK, "url": "https://user:password@lab.example.org/"}]},
        {"webhooks": [{**HOOK, "lines": ["development"]}]},
        {"promotions": [{**RULE, "to": "development"}]},
        {"promotions": [{**RULE, "passed": []}]},
        {"promotions": [{**RULE, "to": "../evil"}]},
        {"surprise": 1},
    ],
)
def test_mistakes_are_found_when_the_site_is_read(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Qa.model_validate(settings)
