"""Which repositories a farm reads when components.yml has changed."""

from __future__ import annotations

from farm.model import Channel
from schedulers.state import unread
from tests.stacks import BOOKWORM, EL9, stack

OLD = stack({"libogg": (), "libvorbis": ("libogg",)}, BOOKWORM)


def test_nothing_is_read_for_another_distro() -> None:
    new = stack({"libogg": (), "libvorbis": ("libogg",)}, BOOKWORM, EL9)
    assert unread(OLD, new, ()) == []


def test_what_is_new_and_what_changed_is_read() -> None:
    new = stack({"libogg": (), "libvorbis": (), "flac": ("libogg",)}, BOOKWORM)
    assert sorted(unread(OLD, new, ())) == ["flac", "libvorbis"]


def test_what_could_not_be_read_is_tried_again() -> None:
    assert unread(OLD, OLD, {"libogg"}) == ["libogg"]


def test_everything_is_read_for_another_channel() -> None:
    channels = {**OLD.channels, "next": Channel.model_validate({"name": "next"})}
    assert unread(OLD, OLD.model_copy(update={"channels": channels}), ()) == [*OLD.components]
