"""What a module's source names, told from its text alone."""

from __future__ import annotations

import pytest

from gxarena.sources.import_statements import mentions


def _imports(source: str, package: str = "pack.sub") -> list[tuple[str, bool]]:
    return list(mentions(source.encode(), package).imports)


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        ("import a, b.c as d", ["a", "b.c"]),
        ("from a.b import c, d", ["a.b", "a.b.c", "a.b.d"]),
        ("from . import a", ["pack.sub", "pack.sub.a"]),
        ("from .a import b", ["pack.sub.a", "pack.sub.a.b"]),
        ("from .. import a", ["pack", "pack.a"]),
        ("from ..a.b import c", ["pack.a.b", "pack.a.b.c"]),
    ],
)
def test_imports_are_named_from_the_top(source: str, modules: list[str]) -> None:
    """A name after ``from`` may be a module or not."""
    assert _imports(source) == [(module, False) for module in modules]


def test_what_functions_import_is_marked() -> None:
    source = """
import always
if x:
    import sometimes
class C:
    import with_it
    def f(self):
        import late
        class D:
            import later
async def g():
    import awaited
"""
    assert _imports(source) == [
        ("always", False),
        ("sometimes", False),
        ("with_it", False),
        ("late", True),
        ("later", True),
        ("awaited", True),
    ]


def test_strings_are_named_once() -> None:
    source = b"run(['-m', 'worker', f'{x} there'])\nwords = {'worker': 'word'}\n"
    assert mentions(source, "pack").strings == ("-m", "worker", " there", "word")


def test_of_what_does_not_parse_nothing_is_known() -> None:
    for source in (b"{{ name }} = (", b"x = 1\0"):
        found = mentions(source, "pack")
        assert (found.imports, found.strings) == ((), ())
