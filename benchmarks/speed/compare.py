"""How fast, as ratios against a named peer or a bare loop in the same run.

    python benchmarks/speed/compare.py

Each line: what, seconds of ours, seconds of the peer, peer / ours. Medians of repeats on whatever
machine this runs on; never a test, since the numbers are the machine's.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import quantus

from gxarena.data import Attribution, Batch, Explained, Spans
from gxarena.datasets.bundled import fly_promoters
from gxarena.metrics.complexity import Gini
from gxarena.metrics.faithfulness import Faithfulness
from gxarena.run.probe import ModelProbe
from gxarena_cnn.lrp import LRP
from gxarena_cnn.model import CNN
from gxarena_dnabert2.attnlrp import AttnLRP
from gxarena_dnabert2.model import Mini

REPEATS = 3


def seconds(work: Callable[[], object]) -> float:
    """Median wall time of some repeats, after one to warm up."""
    work()
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def line(what: str, peer: str, ours: Callable[[], object], other: Callable[[], object]) -> None:
    mine, theirs = seconds(ours), seconds(other)
    print(f"{what:42s} {mine:8.3f} s   {peer:36s} {theirs:8.3f} s   x {theirs / mine:.1f}")


def main() -> None:
    samples = fly_promoters("test").samples[:64]
    sequences = tuple(sample.sequence for sample in samples)
    targets = np.ones(len(samples), dtype=np.int64)
    batch = Batch(sequences, targets)
    single = [Batch((sequence,), targets[:1]) for sequence in sequences]
    mini, cnn = Mini(), CNN()
    for name, model, explainer in (
        ("AttnLRP on dnabert2-mini", mini, AttnLRP()),
        ("LRP on cnn", cnn, LRP()),
    ):
        line(
            f"{name}, 64 x 250 bp",
            "bare loop, one by one",
            lambda e=explainer, m=model: e.explain(m, batch),
            lambda e=explainer, m=model: [e.explain(m, one) for one in single],
        )

    ragged = [s[: 50 + 200 * (i % 2)] * (1 + 3 * (i % 4 == 0)) for i, s in enumerate(sequences)]
    line(
        "predict, 50 to 1,000 bp, bucketed by length",
        "one batch padded to the longest",
        lambda: mini.predict(ragged),
        lambda: _padded_together(mini, ragged),
    )

    attributions = tuple(LRP().explain(cnn, batch))
    explained = Explained(samples, attributions, targets, cnn.predict(sequences))
    metric = Faithfulness("complement")
    line(
        "faithfulness on cnn, 64 samples",
        "bare loop, one by one",
        lambda: metric.score(explained, ModelProbe(lambda: cnn)),
        lambda: [metric.score(one, ModelProbe(lambda: cnn)) for one in _singles(explained)],
    )

    rng = np.random.default_rng(0)
    maps = np.abs(rng.normal(size=(2000, 250)))
    many = _explained(maps)
    sparseness = quantus.Sparseness(normalise=False, abs=True, disable_warnings=True)
    line(
        "Gini index, 2,000 maps of 250",
        "quantus.Sparseness, map by map",
        lambda: Gini().score(many, ModelProbe(lambda: cnn)),
        lambda: [sparseness.evaluate_batch(row[None], row[None].copy()) for row in maps],
    )


def _padded_together(model: Mini, sequences: list[str]) -> None:
    import torch

    ids, mask = model._padded(model.tokenizer.encode(sequences))
    with torch.inference_mode():
        model.network.logits(model.network.embed(ids), mask)


def _singles(explained: Explained) -> list[Explained]:
    return [
        Explained(
            explained.samples[i : i + 1],
            explained.attributions[i : i + 1],
            explained.targets[i : i + 1],
            explained.outputs[i : i + 1],
        )
        for i in range(len(explained))
    ]


def _explained(maps: np.ndarray) -> Explained:
    samples = fly_promoters("test").samples[: len(maps)]
    spans = Spans.nucleotides(maps.shape[1])
    return Explained(
        samples,
        tuple(Attribution(row, spans) for row in maps),
        np.zeros(len(maps), dtype=np.int64),
        np.zeros((len(maps), 2)),
    )


if __name__ == "__main__":
    main()
