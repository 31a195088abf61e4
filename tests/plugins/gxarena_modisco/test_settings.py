"""TF-MoDISco's settings: whose defaults they are, and which lengths have others."""

from __future__ import annotations

import inspect

from gxarena_modisco.settings import Settings, settings_for


def test_defaults_are_modisco_lites_but_for_the_two_that_the_docstring_names() -> None:
    from modiscolite.tfmodisco import TFMoDISco

    theirs = inspect.signature(TFMoDISco).parameters
    different = {
        name: theirs[name].default
        for name, value in Settings().arguments().items()
        if theirs[name].default != value
    }
    assert different == {"max_seqlets_per_metacluster": 20000, "n_leiden_runs": 50}
    assert Settings.__doc__ is not None
    assert "`max_seqlets`, 20,000 there, and `leiden_runs`, 50 there" in Settings.__doc__


def test_windows_are_tighter_for_short_and_long_sequences() -> None:
    assert [settings_for(length, {}).window for length in (100, 250, 3000)] == [15, 21, 15]
    assert settings_for(100, {"window": 9}).window == 9
