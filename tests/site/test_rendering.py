"""Colours can be told from their ground: WCAG's contrast AA, light and dark; data end no script."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gxarena.site.rendering import ASSETS, Renderer, as_json, script

SHEET = (ASSETS / "site.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"(--\w+): (#[0-9a-f]{3,6})", block))
    for block in re.findall(r":root \{(.*?)\}", SHEET, re.S)[:2]
)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * d for d in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_stands_out_from_its_ground(scheme: dict[str, str]) -> None:
    for text in ("--text", "--soft", "--accent"):
        for ground in ("--ground", "--band", "--mark"):
            assert contrast(scheme[text], scheme[ground]) >= 4.5, (text, ground)
    for mark in ("--control", "--A", "--C", "--G", "--T", "--for", "--against"):
        assert contrast(scheme[mark], scheme["--ground"]) >= 3, mark


@given(st.recursive(st.text() | st.integers() | st.none(), lambda c: st.lists(c, max_size=3)))
def test_data_read_back_and_end_no_script(data: object) -> None:
    text = as_json({"a": data})
    assert json.loads(text) == {"a": data}
    assert not set("<>&\u2028\u2029") & set(text)


def test_a_name_in_a_script_is_data_too() -> None:
    assert script('a"</script>', 1) == 'gxarena.data("a\\"\\u003c/script\\u003e", 1);\n'


def test_what_is_not_finite_is_no_json() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json([float("nan")])


def test_no_text_steers_who_shows_it() -> None:
    page = Renderer()._environment.from_string("{{ label }}").render(label="\x1b[2J\u202e<b>")
    assert page == r"\x1b[2J\u202e&lt;b&gt;"
