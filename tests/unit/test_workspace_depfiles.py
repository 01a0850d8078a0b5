"""What depfiles prove of object files."""

from pathlib import Path

from farm.workspace.depfiles import Made, parse, parse_ninja, proven, read_tree


def test_depfiles_are_read_with_continuations_and_escapes() -> None:
    text = "a.o b.o: a.c \\\n  dir\\ with/x.h $$x.h \\#y.h\n\na.h:\n# dummy\nempty.o:\n"
    assert list(parse(text)) == [(["a.o", "b.o"], ["a.c", "dir with/x.h", "$x.h", "#y.h"])]


def test_a_colon_inside_a_name_separates_nothing() -> None:
    assert list(parse("a.o: c:/x.h b.c\n")) == [(["a.o"], ["c:/x.h", "b.c"])]


def test_ninjas_log_is_read_as_far_as_ninja_trusts_it() -> None:
    printed = (
        "x.p/y.c.o: #deps 2, deps mtime 17 (VALID)\n    ../y.c\n    /usr/include/z.h\n\n"
        "old.o: #deps 1, deps mtime 3 (STALE)\n    ../old.c\n\n"
    )
    assert list(parse_ninja(printed)) == [(["x.p/y.c.o"], ["../y.c", "/usr/include/z.h"])]


def tree(root: Path, **files: str) -> list[str]:
    names = []
    for name, text in files.items():
        path = root / name.replace("_dot_", ".").replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        names.append(str(path.relative_to(root)))
    return names


def test_paths_are_relative_to_where_the_compiler_was_started(tmp_path: Path) -> None:
    names = tree(
        tmp_path,
        src__a_dot_c="",
        src__a_dot_o="",
        src___dot_deps__a_dot_Po="a.o: a.c ../config.h /usr/include/x.h\n",
        config_dot_h="",
        lib__b_dot_o="",
        lib__b_dot_d="lib/b.o: lib/b.c\n",
        lib__b_dot_c="",
    )
    found = {one.objects[0]: one for one in read_tree(tmp_path, names)}
    assert found["src/a.o"].inside == {"src/a.c", "config.h"}
    assert found["src/a.o"].outside == {"/usr/include/x.h"}
    assert found["lib/b.o"].inside == {"lib/b.c"}


def test_libtools_objects_belong_together(tmp_path: Path) -> None:
    names = tree(
        tmp_path,
        a_dot_c="",
        a_dot_lo="pic_object='.libs/a.o'\nnon_pic_object=none\n",
        _dot_libs__a_dot_o="",
        _dot_deps__a_dot_Plo="a.lo: a.c\n",
    )
    (one,) = read_tree(tmp_path, names)
    assert one.objects == ("a.lo", ".deps/a.Plo", ".libs/a.o")


def test_a_link_counts_and_so_does_what_it_leads_to(tmp_path: Path) -> None:
    names = tree(tmp_path, real_dot_h="", a_dot_o="", a_dot_d="a.o: link.h\n")
    (tmp_path / "link.h").symlink_to("real.h")
    (one,) = read_tree(tmp_path, names)
    assert one.inside == {"link.h", "real.h"}


def made(name: str, *inside: str, outside: tuple[str, ...] = ()) -> Made:
    return Made((f"{name}.o", f"{name}.d"), frozenset(inside), frozenset(outside))


def kept(*objects: Made, changed: str = "", changed_outside: str = "") -> set[str]:
    existing = {path: None for one in objects for path in one.objects}
    keep, _ = proven(
        objects,
        existing=existing,
        given={"a.c", "b.c", "config.h"},
        changed=frozenset({changed}),
        changed_outside=frozenset({changed_outside}),
    )
    return keep


def test_an_object_is_kept_when_nothing_that_it_is_made_from_changed() -> None:
    a, b = made("a", "a.c", "config.h"), made("b", "b.c", outside=("/p/include/x.h",))
    assert kept(a, b) == {"a.o", "a.d", "b.o", "b.d"}
    assert kept(a, b, changed="config.h") == {"b.o", "b.d"}
    assert kept(a, b, changed_outside="/p/include/x.h") == {"a.o", "a.d"}


def test_an_object_made_from_a_product_is_made_again() -> None:
    assert kept(made("a", "a.c", "generated.h")) == set()


def test_an_object_that_two_depfiles_disagree_about_is_made_again() -> None:
    assert kept(made("a", "a.c"), made("a", "b.c"), changed="b.c") == set()
