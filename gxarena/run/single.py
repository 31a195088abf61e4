"""Explain a few sequences at once, without a suite: what `gxarena explain` and notebooks use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from gxarena.capabilities import why_not
from gxarena.data import Explained, Sample
from gxarena.errors import GxarenaError, PluginError, Unsupported, check_choice
from gxarena.objective import OBJECTIVES, resolve_targets
from gxarena.registry import Registry
from gxarena.run.choices import Choice, choose, create, facts
from gxarena.run.contracts import checked_predictions, make_batch
from gxarena.run.in_flanks import explained
from gxarena.run.limits import check_length


def explain_samples(
    registry: Registry,
    samples: tuple[Sample, ...],
    *,
    model: str,
    explainer: str,
    model_parameters: Mapping[str, Any] | None = None,
    explainer_parameters: Mapping[str, Any] | None = None,
    target: str | int = "predicted",
    objective: str = "logit",
    seed: int = 0,
) -> Explained:
    """Load a model and explain its outputs for `samples`.

    Parameters
    ----------
    registry : Registry
    samples : tuple of N Sample
    model, explainer : str
        Names of components.
    model_parameters, explainer_parameters : mapping, optional
    target : "predicted", "label" or int
    objective : "logit", "log_odds" or "probability"
    seed : int

    Raises
    ------
    InputError
        Unknown names, parameters a component does not have, over-long sequences, a target out
        of range.
    Unsupported
        The explainer needs a capability the model lacks.
    PluginError
        The model or the explainer fails, or breaks its contract; its own error is the cause.
    """
    check_choice("objective", objective, OBJECTIVES)
    chosen_model = choose(registry, "models", model, dict(model_parameters or {}))
    chosen = choose(registry, "explainers", explainer, dict(explainer_parameters or {}))
    annotated = any(sample.annotations for sample in samples)
    if reason := why_not(
        chosen,
        chosen_model,
        annotated=annotated,
        phrases=registry.phrases,
        provided=registry.provided,
    ):
        raise Unsupported(
            f"{reason}. What each provides: gxarena plugins list --json. What is in the way in a "
            f"model of your own: gxarena plugins check {model}."
        )
    limit = facts(chosen_model.found, chosen_model.parameters).max_length
    check_length(samples, limit, model)
    with _blaming(chosen_model):
        network = create(registry, chosen_model)
        predictions = checked_predictions(network, samples, chosen_model)
    labels = [sample.label for sample in samples]
    targets = resolve_targets(target, labels, predictions.outputs)
    batch = make_batch(samples, targets, objective, seed, chosen.found.component.name)
    with _blaming(chosen):
        attributions = explained(create(registry, chosen), network, batch, samples, chosen)
    return Explained(samples, tuple(attributions), targets, predictions.outputs, objective, seed)


@contextmanager
def _blaming(choice: Choice) -> Iterator[None]:
    """Name the component, and its distribution, that an error comes from."""
    try:
        yield
    except GxarenaError:
        raise
    except Exception as error:
        raise PluginError(
            f"{choice.where}: expected it to work, got {type(error).__name__}: {error}."
        ) from error
