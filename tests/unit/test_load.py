"""Every mistake in a components.yml has a line, a column, and words a person understands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farm.errors import ConfigError
from farm.model import Component, Distro, Stack
from farm.model.load import load_stack
from farm.model.messages import EXPECTED
from tests.configurations import CHANNELS, COMPONENTS_LINE, DISTROS, stack_text, write


def mistakes(folder: Path, text: str, **variables: str) -> list[str]:
    """What is wrong with the text, without the name of the file."""
    path = write(folder, text)
    with pytest.raises(ConfigError) as caught:
        load_stack(path, variables)
    return [str(problem).removeprefix(f"{path}:").strip() for problem in caught.value.problems]


def component_mistakes(folder: Path, components: str, **variables: str) -> list[str]:
    """The same for some components; lines count from the first one."""
    found = mistakes(folder, stack_text(components), **variables)
    numbered = (message.split(":", 1) for message in found)
    return [f"{int(line) - COMPONENTS_LINE + 1}:{rest}" for line, rest in numbered]


def test_a_right_file_becomes_a_stack(tmp_path):
    text = stack_text("""
        libogg:
          git: https://git.example.org/libogg.git
        libvorbis:
          git: https://git.example.org/libvorbis.git
          version: "1.10"
          depends: [libogg]
          packages: {deb: [pkgconf], el9: ["pkgconfig(ogg)"]}
          commands: {test: ""}
        """)
    stack = load_stack(write(tmp_path, text))
    assert list(stack.components) == ["libogg", "libvorbis"]
    assert stack.components["libvorbis"].depends == ("libogg",)
    assert stack.components["libvorbis"].version == "1.10"
    assert stack.components["libvorbis"].commands.test == ""
    assert stack.distros["el9"].name == "el9"
    assert stack.channels["development"].name == "development"


def test_names_come_from_the_keys_even_if_they_look_like_numbers(tmp_path):
    distros = DISTROS.replace("  el9:", "  9.10:")
    stack = load_stack(write(tmp_path, stack_text(distros=distros)))
    assert list(stack.distros) == ["bookworm", "9.10"]


def test_all_mistakes_are_reported_at_once_in_the_order_of_their_lines(tmp_path):
    assert component_mistakes(
        tmp_path,
        """\
        libogg:
          git: nowhere
          depnds: [libvorbis]
        libvorbis:
          depends: [libog]
        Speex:
          git: https://git.example.org/speex.git
          timeout_minutes: 1h
        """,
    ) == [
        "2:10: components.libogg.git: not a git URL: expected https://, http://, ssh://, git://, "
        "file:/// or user@host:path; found 'nowhere'",
        "3:5: components.libogg.depnds: unknown key; did you mean 'depends'?",
        "4:3: components.libvorbis.git: missing: Clone URL of the repository",
        "5:15: components.libvorbis.depends[0]: unknown component 'libog'; did you mean 'libogg'?",
        "6:3: components.Speex: expected a name of lower-case letters, digits and + - . that "
        "starts with a letter or digit; found 'Speex'",
        "8:22: components.Speex.timeout_minutes: expected a whole number; found '1h'",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "depends: libvorbis",
            "14: components.xx.depends: expected a list; found 'libvorbis': write [libvorbis]",
        ),
        (
            "version: 1.10",
            '14: components.xx.version: expected text; found 1.10, which needs quotes: "1.10"',
        ),
        ("summary: true", 'expected text; found true, which needs quotes: "true"'),
        ("commands: [make]", "expected a mapping of keys to values; found a list"),
        ("commands: {bild: make}", "components.xx.commands.bild: unknown key; did you mean"),
        (
            "zzz: 1",
            "unknown key; expected branch, commands, configure_arguments, depends, description, "
            "directory, distros, exclude, git, homepage, licence, maintainers, packages, "
            "packaging, summary, timeout_minutes or version",
        ),
        ("name: xx", "5: components.xx.name: the key 'xx' is the name already; remove this line"),
        ("timeout_minutes: true", "expected a whole number; found true"),
        ("timeout_minutes: 0", "expected more than 0; found 0"),
        ("timeout_minutes: 20000", "expected at most 10080; found 20000"),
        (
            "packaging: generatd",
            "expected auto, generated or repository; found 'generatd'; did you mean 'generated'?",
        ),
        ("homepage: ftp://x", "expected a URL that starts with https:// or http://; found 'ftp:"),
        ("directory: ../x", "expected a relative directory inside the repository, such as src/lib"),
        ("branch: a..b", "not a valid git branch name (see git check-ref-format); found 'a..b'"),
        ("depends: [a]", "expected at least 2 characters; found 'a'"),
        ("packages: {deb: [gcc >= 4]}", "expected a package name, without a version; found"),
        ('commands: {build: "make\\nmake more"}', r"expected one line of text; found 'make\nmake"),
        (f"homepage: {'x' * 500}", f"found '{'x' * 80}…'"),
        ("packages:", "expected a mapping of keys to values; found nothing"),
    ],
)
def test_a_wrong_field_is_explained(tmp_path, line, message):
    found = component_mistakes(tmp_path, f"xx:\n  git: https://git.example.org/xx.git\n  {line}\n")
    assert len(found) == 1
    assert found[0].startswith("3:")
    assert message in found[0]


@pytest.mark.parametrize("url", ["-oProxyCommand=x@host:y", "-x@host:y", "ext::sh -c x", "x"])
def test_a_url_that_git_would_take_for_an_option_or_a_program_is_refused(tmp_path, url):
    found = component_mistakes(tmp_path, f'xx:\n  git: "{url}"\n')
    assert "not a git URL" in found[0]


def test_mistakes_in_channels_and_distros_are_explained(tmp_path):
    distros = DISTROS.replace("family: deb", "family: debian").replace(
        "{mock: rocky-9-x86_64}", "{mock: rocky-9-x86_64, suite: nine}"
    )
    channels = "channels:\n  development: {branch: a b}\n"
    assert mistakes(tmp_path, stack_text(channels=channels, distros=distros)) == [
        "2:25: channels.development.branch: not a valid git branch name "
        "(see git check-ref-format); found 'a b'",
        "5:13: distros.bookworm.family: expected deb or rpm; found 'debian'; did you mean 'deb'?",
        "14:11: distros.el9.root: expected exactly one of suite, mock, repositories; "
        "found suite and mock",
    ]


def test_what_is_right_in_a_wrong_file_is_still_checked(tmp_path):
    """A bad homepage does not hide a cycle, nor a bad distro the references to it."""
    text = stack_text(
        """
        aa: {git: /srv/aa, depends: [bb], homepage: nowhere}
        bb: {git: /srv/bb, depends: [aa], exclude: [el9, el8]}
        """,
        distros=DISTROS.replace("family: rpm", "family: redhat"),
    )
    found = " ".join(mistakes(tmp_path, text))
    assert "dependency cycle: aa → bb → aa" in found
    assert "unknown distro 'el8'; did you mean 'el9'?" in found
    assert "unknown distro 'el9'" not in found


def test_a_missing_part_of_the_file_is_named_without_its_consequences(tmp_path):
    text = CHANNELS + "distro: {}\ncomponents:\n  aa: {git: /srv/aa, exclude: [el9]}\n"
    assert mistakes(tmp_path, text) == [
        "distros: missing",
        "3:1: distro: unknown key; did you mean 'distros'?",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty: expected channels, distros and components"),
        ("# only a comment\n", "empty: expected channels, distros and components"),
        ("- a\n", "1:1: expected a mapping of keys to values; found a list"),
        ("channels: a: b\n", "1:12: not valid YAML: unexpected ':'; text with ': '"),
        ("channels:\n\tdevelopment:\n", "2:1: not valid YAML: a tab; YAML is indented with spaces"),
        ("channels:\n  a: 'b\n", "2:6: not valid YAML: a quote that is opened here"),
        ("channels: [a\n", "1:11: not valid YAML: a bracket that is opened here"),
        ("a: {b: 1,c:[d]}\n", "1:12: not valid YAML: a comma, a closing bracket or the space"),
        ("a:\n  b: 1\n c: 2\n", "3:2: not valid YAML: indented differently"),
        ("a: 1\n---\nb: 2\n", "2:1: not valid YAML: a second document"),
        ("a: @b\n", "1:4: not valid YAML: text that starts with this character needs quotes"),
        ("a: *b\n", "1:4: not valid YAML: found undefined alias 'b'"),
        ("a: \x01\n", "1:4: control character U+0001 in the text"),
        ("a: " + "[" * 1000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_yaml_mapping_is_one_mistake(tmp_path, text, message):
    found = mistakes(tmp_path, text)
    assert len(found) == 1
    assert found[0].startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("channels: &x [*x]\n", "channels[0]: contains itself through an alias"),
        ("channels: !mine {}\n", "channels: the tag !mine is not supported"),
        ("channels: !!python/name:os.system x\n", "is not supported"),
        ("channels: !!int x\n", "channels: 'x' is not what its tag says"),
        ("? [a]\n: 1\n", "1:3: a key must be text"),
        ("<<: 3\n", "1:5: '<<' needs the alias of another mapping"),
    ],
)
def test_yaml_that_means_nothing_here_is_refused(tmp_path, text, message):
    found = mistakes(tmp_path, text + DISTROS + "components: {}\n")
    assert any(message in line for line in found)


def test_each_duplicate_key_is_reported_with_the_line_of_the_first(tmp_path):
    assert component_mistakes(
        tmp_path, "aa:\n  git: /srv/aa\n  git: /srv/b\naa: {git: /srv/c}\n"
    ) == [
        f"3:5: components.aa.git: duplicate key; 'git' is already on line {COMPONENTS_LINE + 1}",
        f"4:3: components.aa: duplicate key; 'aa' is already on line {COMPONENTS_LINE}",
    ]


def test_a_file_that_expands_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("farm.model.document.MAX_VALUES", 100)
    text = "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: [*b, *b, *b, *b]\n"
    assert mistakes(tmp_path, text) == ["more than 100 values, aliases included"]


def test_aliases_and_merged_mappings_are_data_like_any_other(tmp_path):
    text = stack_text("""
        aa:
          git: /srv/aa
          commands: &own {configure: "", build: make all}
        bb:
          git: /srv/bb
          commands: {<<: *own, build: make most}
        """)
    commands = load_stack(write(tmp_path, text)).components["bb"].commands
    assert (commands.configure, commands.build) == ("", "make most")


def test_a_file_that_cannot_be_read_is_a_mistake_in_it(tmp_path):
    with pytest.raises(ConfigError, match=r"nothing\.yml: cannot be read: no such file"):
        load_stack(tmp_path / "nothing.yml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_stack(tmp_path)
    (tmp_path / "latin1.yml").write_bytes(b"a: 1\nb: caf\xe9\n")
    with pytest.raises(ConfigError, match="2:7: not UTF-8: byte 0xe9"):
        load_stack(tmp_path / "latin1.yml")


class TestVariables:
    def test_stand_in_urls_for_what_the_site_says(self, tmp_path):
        distros = DISTROS.replace("mock: rocky-9-x86_64", 'repositories: {base: "file://${top}/r"}')
        text = stack_text("aa: {git: 'file://${top}/${what}.git'}", distros=distros)
        stack = load_stack(write(tmp_path, text), {"top": "/srv/demo", "what": "aa"})
        assert stack.components["aa"].git == "file:///srv/demo/aa.git"
        assert stack.distros["el9"].root.repositories == {"base": "file:///srv/demo/r"}

    def test_are_left_alone_in_commands(self, tmp_path):
        text = stack_text("aa: {git: /srv/aa, commands: {build: 'make CC=${CC}'}}")
        assert load_stack(write(tmp_path, text)).components["aa"].commands.build == "make CC=${CC}"

    def test_that_are_unknown_are_one_mistake_each(self, tmp_path):
        assert component_mistakes(
            tmp_path, "aa:\n  git: ${demmo}/aa.git\nbb:\n  git: file://${x}/bb.git\n", demo="/srv"
        ) == [
            "2:10: components.aa.git: unknown variable ${demmo}; did you mean 'demo'?",
            "4:10: components.bb.git: unknown variable ${x}; the site settings define variables, "
            "or --set NAME=VALUE",
        ]

    def test_are_checked_after_they_were_put_in(self, tmp_path):
        found = component_mistakes(tmp_path, "aa: {git: '${demo}/aa.git'}\n", demo="-u x")
        assert "not a git URL" in found[0]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["aa", "bb", "el9", *Component.model_fields, *Distro.model_fields]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.fixed_dictionaries(dict.fromkeys(("channels", "distros", "components"), anything)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_the_file_holds_its_mistakes_have_lines(tmp_path, data):
    path = write(tmp_path, json.dumps(data))
    try:
        load_stack(path)
    except ConfigError as error:
        assert all(problem.line for problem in error.problems)


def test_every_pattern_of_the_models_has_words():
    def patterns(schema: object) -> set[str]:
        if isinstance(schema, dict):
            own = {schema["pattern"]} if isinstance(schema.get("pattern"), str) else set()
            return own.union(schema.get("patternProperties", ()), *map(patterns, schema.values()))
        return set().union(*map(patterns, schema)) if isinstance(schema, list) else set()

    assert patterns(Stack.model_json_schema()) == set(EXPECTED)
