"""How controls make the explainer that they wrap."""

from __future__ import annotations

from dataclasses import replace

from gxarena.explainers.perturbation import Occlusion
from gxarena.explainers.wrapping import wrapped
from gxarena.registry import Registry


def test_what_is_wrapped_has_its_presets_unless_others_are_given(registry: Registry) -> None:
    found = registry.components["explainers", "occlusion"]
    preset = replace(found.component, defaults={"window": 3})
    registry.components["explainers", "occlusion"] = replace(found, component=preset)

    def window(**given: int) -> int:
        made = wrapped(registry, "permuted", "occlusion", given)
        assert isinstance(made, Occlusion)
        return made._window

    assert window() == window(stride=1) == 3
    assert window(window=5) == 5
