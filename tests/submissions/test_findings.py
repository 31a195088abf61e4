"""Findings: sentences of named checks, and others' text made fit to show."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from gxarena import submissions
from gxarena.errors import InputError
from gxarena.submissions.findings import MOST_LISTED, Finding, Findings, plain

PAGE = (Path(__file__).parents[2] / "docs" / "submit.md").read_text()


def test_every_check_is_explained() -> None:
    modules = [
        importlib.import_module(f"gxarena.submissions.{one.name}")
        for one in pkgutil.iter_modules(submissions.__path__)
    ]
    names = {
        getattr(module, name)
        for module in modules
        for name in ("CHECK", "NOT_HERE", "STRUCTURE")
        if hasattr(module, name)
    }
    assert len(names) == 10
    assert [name for name in sorted(names) if f"`{name}`" not in PAGE] == []
    assert [name for name in sorted(names) if name not in (Finding.__doc__ or "")] == []


def test_what_ends_a_check_is_a_finding() -> None:
    findings = Findings()
    with findings.guarding("values"):
        raise InputError("here: expected this, got \x1bthat.")
    with findings.guarding("values"):
        raise KeyError("x" * 1000)
    first, second = findings.listed
    assert first == Finding("values", "here: expected this, got  that.")
    assert second.sentence.startswith(
        "the bundle: expected content that gxarena wrote, got what ends in KeyError: 'xxx"
    )
    assert len(second.sentence) < 500
    assert findings


def test_of_many_some_are_listed() -> None:
    findings = Findings()
    for check in ("values", "cells"):
        for number in range(MOST_LISTED + 5):
            findings.add(check, "here", "this", str(number), "Mend it.")
    assert len(findings.listed) == 2 * MOST_LISTED
    assert findings.counts == {"values": MOST_LISTED + 5, "cells": MOST_LISTED + 5}
    assert findings.listed[0].sentence == "here: expected this, got 0. Mend it."


def test_text_is_shown_without_what_steers() -> None:
    assert plain("a\x1b[31m\nb\u202ec") == "a [31m b c"
    assert plain("x" * 10, 4) == "xxxx…"
