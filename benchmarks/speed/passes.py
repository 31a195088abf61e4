"""What micro-batches, regions and a lower precision save, as ratios within one run.

    python benchmarks/speed/passes.py

Each line: what, seconds of ours, seconds of the peer, peer / ours. Fastest of some repeats in
processor time on one thread, so that what else runs here counts little; never a test, since the
numbers are the machine's. Last lines: by how much results move, which is no matter of the machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from gxarena.data import Batch, Sample
from gxarena.datasets.bundled import fly_promoters
from gxarena.explainers.perturbation import ISM
from gxarena.run.flanked import in_flanks
from gxarena_cnn.config import CNNConfig, DeepSTARRConfig
from gxarena_cnn.model import CNN, OneHotModel
from gxarena_cnn.networks import build
from gxarena_dnabert2.model import Mini

REPEATS = 5


def seconds(work: Callable[[], object]) -> float:
    """Least processor time of some repeats, after one to warm up."""
    work()
    taken = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def line(what: str, peer: str, ours: Callable[[], object], other: Callable[[], object]) -> None:
    mine, theirs = seconds(ours), seconds(other)
    print(f"{what:42s} {mine:8.3f} s   {peer:36s} {theirs:8.3f} s   x {theirs / mine:.1f}")


def main() -> None:
    torch.set_num_threads(1)
    sequences = [sample.sequence for sample in fly_promoters("test").samples[:256]]
    moved = []
    torch.manual_seed(0)
    deepstarr = OneHotModel(build(DeepSTARRConfig(input_length=250)), "cpu")
    for name, model in (("cnn", CNN(device="cpu")), ("deepstarr, 250 bp", deepstarr)):
        at_once = model._predicted_at_once
        plain = _all_at_once(model, sequences)
        line(
            f"{name}, 256 sequences, {at_once} at once",
            "256 at once",
            lambda m=model: m.predict(sequences),
            lambda m=model: _all_at_once(m, sequences),
        )
        moved.append((name, np.abs(model.predict(sequences) - plain).max(), np.abs(plain).max()))
    mini, half = Mini(device="cpu"), Mini(device="cpu", dtype="bfloat16")
    line(
        "dnabert2-mini in bfloat16, 64 sequences",
        "in float32",
        lambda: half.predict(sequences[:64]),
        lambda: mini.predict(sequences[:64]),
    )
    whole = mini.predict(sequences[:64])
    moved.append(
        ("bfloat16", np.abs(half.predict(sequences[:64]) - whole).max(), np.abs(whole).max())
    )
    _region()
    for name, change, size in moved:
        print(f"{name}: outputs of up to {size:.3g} move by {change:.2g} at most")


def _all_at_once(model: OneHotModel, sequences: list[str]) -> np.ndarray:
    with torch.inference_mode():
        return model.network(model.encode(sequences)).double().numpy()


def _region() -> None:
    """In-silico mutagenesis of 20 nucleotides and of all that a network of 2,000 reads."""
    network = build(CNNConfig(input_length=2000, filters=(16, 8, 4), dense=16))
    model = OneHotModel(network, "cpu")
    letters = np.random.default_rng(0).choice(list("ACGT"), 2000)
    sample = Sample("long", "".join(letters)).within(990, 1010)
    target = np.array([1])
    line(
        "ism, 20 nucleotides of 2,000",
        "all 2,000",
        lambda: ISM().explain(in_flanks(model, sample.flanks), Batch((sample.sequence,), target)),
        lambda: ISM().explain(model, Batch((sample.whole.sequence,), target)),
    )


if __name__ == "__main__":
    main()
