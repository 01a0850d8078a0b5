"""What the demo's last words are made from."""

from demo.paths import TOP, Paths
from demo.site import COMPONENTS
from demo.where import archives, expected, summary
from farm.model.load import load_stack

URL = "http://127.0.0.1:8020/"


def demo_stack():
    return load_stack(COMPONENTS, {"demo": "/srv/demo"})


def test_the_demo_has_three_archives():
    assert [(a.line, a.url) for a in archives(demo_stack(), URL)] == [
        ("development/bookworm", f"{URL}development/bookworm/"),
        ("development/trixie", f"{URL}development/trixie/"),
        ("development/demo-rpm", f"{URL}development/demo-rpm/"),
    ]


def test_all_eighteen_packages_are_expected():
    stack = demo_stack()
    lines = expected(stack, archives(stack, URL))
    assert sum(len(components) for components in lines.values()) == 18


def test_a_component_that_a_distro_leaves_out_is_not_expected_there():
    stack = demo_stack()
    speex = stack.components["speex"].model_copy(update={"exclude": ("trixie",)})
    stack = stack.model_copy(update={"components": {**stack.components, "speex": speex}})
    lines = expected(stack, archives(stack, URL))
    assert "speex" not in lines["development/trixie"]
    assert "speex" in lines["development/bookworm"]


def test_a_channel_for_some_distros_has_only_their_archives():
    stack = demo_stack()
    channel = stack.channels["development"].model_copy(update={"distros": ("trixie",)})
    stack = stack.model_copy(update={"channels": {"development": channel}})
    assert [a.distro.name for a in archives(stack, URL)] == ["trixie"]


def test_the_summary_says_where_everything_is(monkeypatch):
    monkeypatch.chdir(TOP)
    found = archives(demo_stack(), URL)
    text = summary(Paths(TOP / "state"), "http://127.0.0.1:8010/", found, {})
    for part in (
        "http://127.0.0.1:8010/",
        f"curl -fsSLo /etc/apt/sources.list.d/farm.sources {URL}development/trixie/farm.sources",
        f"curl -fsSLo /etc/yum.repos.d/farm.repo {URL}development/demo-rpm/farm.repo",
        "  git -C state/demo/git/libogg.git push . next:main",
        "state/master/twistd.log",
        "make stop",
    ):
        assert part in text


def test_whoever_used_sudo_needs_it_to_push():
    text = summary(Paths(TOP / "state"), "http://w/", [], {"SUDO_UID": "1000"})
    assert "sudo git -C" in text
