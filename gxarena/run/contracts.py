"""What components are given and hand back, checked where it crosses to the arena and back."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gxarena.api import Model
from gxarena.data import Attribution, Batch, Ints, Sample, Spans
from gxarena.errors import PluginError
from gxarena.run.blame import blamed
from gxarena.run.choices import Choice
from gxarena.run.flanked import units_within
from gxarena.run.store import Predictions
from gxarena.seeds import sample_seed


def make_batch(
    samples: tuple[Sample, ...],
    targets: Ints,
    objective: str,
    seed: int,
    explainer: str,
    origins: tuple[str, ...] = (),
    replicate: int = 0,
) -> Batch:
    """What an explainer is given for these samples.

    Parameters
    ----------
    samples : tuple of B Sample
    targets : int array, shape (B,)
    objective : str
    seed : int
        The suite's; each sample gets one of its own from it.
    explainer : str
        The component's name, whatever a suite calls it.
    origins : tuple of B str, optional
        The sequences that these were made from.
    replicate : int
        Position of the explained weights among the model's replicates. Each replicate's noise is
        its own, or noise would agree with itself; the first one's is that of a model without.
    """
    stage = f"explain/{explainer}/{replicate}" if replicate else f"explain/{explainer}"
    return Batch(
        sequences=tuple(sample.sequence for sample in samples),
        targets=targets.copy(),  # an explainer may edit its own, never the metrics'
        objective=objective,
        seeds=np.array([sample_seed(seed, stage, sample.id) for sample in samples], dtype=np.int64),
        ids=tuple(sample.id for sample in samples),
        annotations=tuple(sample.annotations for sample in samples),
        origins=origins,
    )


def check_attributions(attributions: list[Attribution], batch: Batch, choice: Choice) -> None:
    """Raise PluginError where an explainer broke its contract."""
    where = choice.where
    if not isinstance(attributions, list) or len(attributions) != len(batch):
        got = len(attributions) if isinstance(attributions, list) else type(attributions).__name__
        raise PluginError(f"{where}: expected a list of {len(batch)} Attributions, got {got}.")
    for attribution, sequence, identifier in zip(
        attributions, batch.sequences, batch.ids, strict=True
    ):
        if not isinstance(attribution, Attribution):
            raise PluginError(
                f"{where}: expected Attributions, got a {type(attribution).__name__}."
            )
        if attribution.spans.length != len(sequence):
            raise PluginError(
                f"{where}, sample '{identifier}': expected units that tile its {len(sequence)} "
                f"nucleotides, got units up to {attribution.spans.length}."
            )


def check_finite(attributions: Iterable[Attribution], choice: Choice) -> None:
    """Raise PluginError where an explainer has no finite answer for any sample.

    One without an answer for some is judged by the others, and what it lacks is counted.
    """
    number = 0
    for attribution in attributions:
        if np.isfinite(attribution.scores).all():
            return
        number += 1
    raise PluginError(
        f"{choice.where}: expected finite scores, got NaN or infinity in each of {number} samples."
    )


def checked_predictions(model: Model, samples: tuple[Sample, ...], choice: Choice) -> Predictions:
    """Ask a model; raise PluginError where it broke its contract."""
    sequences = [sample.whole.sequence for sample in samples]
    where = choice.where
    with blamed(where):
        outputs = np.asarray(model.predict(sequences), dtype=np.float64)
        spans = tuple(model.spans(sequences))
    if outputs.shape != (len(samples), model.n_outputs):
        raise PluginError(
            f"{where}: expected outputs of shape ({len(samples)}, {model.n_outputs}), "
            f"got {outputs.shape}."
        )
    if not np.isfinite(outputs).all():
        raise PluginError(f"{where}: expected finite outputs, got NaN or infinity.")
    if [s.length for s in spans] != [len(sequence) for sequence in sequences]:
        raise PluginError(f"{where}: expected units that tile every sequence, got others.")
    return Predictions(outputs, tuple(map(_explained_units, spans, samples)))


def _explained_units(spans: Spans, sample: Sample) -> Spans:
    """Of the units that a model reads those of the sample's region, if it names one."""
    if (region := sample.region) is None:
        return spans
    return units_within(spans, region.start, region.end)[0]
