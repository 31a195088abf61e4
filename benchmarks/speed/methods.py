"""What metrics and explainers take over the bare passes that they are made of.

    python benchmarks/speed/methods.py [--tokens T...] [--repeats R] [--out FILE.csv]

Each row: what, its processor seconds, those of what it is compared with, and their ratio. Of
faithfulness on the CNN that ships the passes are those of the very sequences that it asks about, at
the best batch size; of AttnLRP a forward pass of one sequence of T tokens through a network of
DNABERT-2's size (117 million parameters, drawn at random); integrated gradients (50 steps) are
compared with AttnLRP on the network that ships, and Quantus' pixel flipping with faithfulness by
the passes that each asks for, where a higher ratio is better. Medians of repeats in turn, on one
thread; seconds of the processor, since others may be at work there. Never a test: the numbers are
the machine's.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import quantus
import torch
from measuring import machine, written

from gxarena.api import Model
from gxarena.data import Batch, Explained, Floats
from gxarena.datasets.bundled import fly_promoters
from gxarena.metrics.faithfulness import Faithfulness
from gxarena.run.probe import ModelProbe
from gxarena_captum.integrated_gradients import IntegratedGradients
from gxarena_cnn.lrp import LRP
from gxarena_cnn.model import CNN
from gxarena_dnabert2.attnlrp import AttnLRP
from gxarena_dnabert2.config import Config
from gxarena_dnabert2.model import Mini
from gxarena_dnabert2.network import SequenceClassifier

BATCH_SIZES = (16, 32, 64, 128, 256, 1024)
SIZES = Config(
    vocab_size=4096,
    hidden_size=768,
    num_hidden_layers=12,
    num_attention_heads=12,
    intermediate_size=3072,
)
Work = Callable[[], object]


def medians(repeats: int, *works: Work) -> list[float]:
    """Median processor seconds of each, in turn, after once to warm up."""
    taken: list[list[float]] = [[] for _ in works]
    for repeat in range(repeats + 1):
        for work, times in zip(works, taken, strict=True):
            start = time.process_time()
            work()
            if repeat:
                times.append(time.process_time() - start)
    return [statistics.median(times) for times in taken]


class Recorder:
    """A model that notes what it is asked."""

    def __init__(self, model: CNN) -> None:
        self._model, self.asked, self.n_outputs = model, list[str](), model.n_outputs

    def predict(self, sequences: Sequence[str]) -> Floats:
        self.asked += sequences
        return self._model.predict(sequences)


def judged() -> tuple[CNN, Explained, Faithfulness, list[str]]:
    """The CNN that ships, its maps of 64 samples, the metric, and all that it asks about them."""
    cnn, samples = CNN(device="cpu"), fly_promoters("test").samples[:64]
    sequences, targets = tuple(one.sequence for one in samples), np.ones(64, dtype=np.int64)
    attributions = tuple(LRP().explain(cnn, Batch(sequences, targets)))
    explained = Explained(samples, attributions, targets, cnn.predict(sequences))
    recorder, metric = Recorder(cnn), Faithfulness("complement")
    metric.score(explained, ModelProbe(lambda: recorder))  # type: ignore[arg-type,return-value]
    return cnn, explained, metric, recorder.asked


def faithfulness(repeats: int) -> tuple[str, str, float, float]:
    """The metric, and the passes of all that it asks about."""
    cnn, explained, metric, asked = judged()

    def bare(size: int) -> Work:
        def passes() -> None:
            with torch.inference_mode():
                for start in range(0, len(asked), size):
                    encoded = cnn.encode(asked[start : start + size])
                    cnn.network(encoded).double().numpy()

        return passes

    ours, *peers = medians(
        repeats,
        lambda: metric.score(explained, ModelProbe(lambda: cnn)),
        *map(bare, BATCH_SIZES),
    )
    best = int(np.argmin(peers))
    peer = f"{len(asked)} bare forwards, {BATCH_SIZES[best]} at a time"
    return "faithfulness on the CNN, 64 samples", peer, ours, peers[best]


def pixel_flipping(repeats: int) -> tuple[str, str, float, float]:
    """Quantus' own metric on the same network, and ours, each by the forward passes that it asks.

    As who uses Quantus would: positions are the pixels, no letter is black, ten steps.
    """
    cnn, explained, metric, asked = judged()
    letters = cnn.encode(list(explained.sequences)).numpy()
    scores = np.stack([one.scores for one in explained.attributions])[:, None]
    steps = 10
    flipping = quantus.PixelFlipping(
        features_in_step=scores[0].size // steps, perturb_baseline="black",
        normalise=False, abs=False, return_aggregate=False, disable_warnings=True,
        display_progressbar=False,
    )  # fmt: skip
    network = cnn.network.eval()

    def theirs() -> None:
        flipping(
            model=network, x_batch=letters, y_batch=explained.targets, a_batch=scores, device="cpu",
            channel_first=True,
        )  # fmt: skip

    taken, ours = medians(repeats, theirs, lambda: metric.score(explained, ModelProbe(lambda: cnn)))
    share = len(explained) * steps / len(asked)
    return (
        f"Quantus' pixel flipping, {steps} steps",
        "faithfulness, as many passes",
        taken,
        ours * share,
    )


def attnlrp(repeats: int, tokens: Sequence[int]) -> Iterator[tuple[str, str, float, float]]:
    """The method, and a forward pass of the same sequence."""
    model = Mini(device="cpu")
    torch.manual_seed(0)
    model.network = SequenceClassifier(SIZES).eval().requires_grad_(False)
    letters = "".join(np.random.default_rng(0).choice(list("ACGT"), 8 * max(tokens)))
    boundaries = model.spans([letters])[0].boundaries
    for wanted in tokens:
        sequence = letters[: boundaries[wanted - 2]]  # beside [CLS] and [SEP]
        ids = model.encode([sequence])
        mask, batch = torch.ones_like(ids), Batch((sequence,), np.ones(1, dtype=np.int64))
        ours, peer = medians(
            repeats,
            partial(AttnLRP().explain, model, batch),
            partial(forward, model, ids, mask),
        )
        yield f"AttnLRP at 117M, {ids.shape[1]} tokens", "a bare forward", ours, peer


def forward(model: Mini, ids: torch.Tensor, mask: torch.Tensor) -> None:
    """A pass that keeps nothing."""
    with torch.inference_mode():
        model.logits(ids, mask)


def integrated(repeats: int) -> tuple[str, str, float, float]:
    """Integrated gradients over AttnLRP, on the transformer that ships."""
    model: Model = Mini(device="cpu")
    samples = fly_promoters("test").samples[:8]
    batch = Batch(tuple(one.sequence for one in samples), np.ones(8, dtype=np.int64))
    gradients, rules = IntegratedGradients(n_steps=50), AttnLRP()
    ours, peer = medians(
        repeats, lambda: gradients.explain(model, batch), lambda: rules.explain(model, batch)
    )
    return "integrated gradients, 50 steps, 8 samples", "AttnLRP", ours, peer


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tokens", nargs="+", type=int, default=[61, 128, 256, 512, 1024])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    rows: list[dict[str, object]] = []

    def row(what: str, peer: str, ours: float, theirs: float) -> None:
        rows.append(
            {
                "what": what,
                "over": peer,
                "processor_seconds": round(ours, 4),
                "processor_seconds_of_peer": round(theirs, 4),
                "ratio": round(ours / theirs, 2),
                "repeats": given.repeats,
                "machine": machine(),
            }
        )
        print(rows[-1], flush=True)

    row(*faithfulness(given.repeats))
    row(*pixel_flipping(given.repeats))
    row(*integrated(given.repeats))
    for found in attnlrp(given.repeats, given.tokens):
        row(*found)
    if given.out:
        written(given.out, rows)


if __name__ == "__main__":
    main()
