"""Models and explainers small enough to reason about: additive, in NumPy."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from gxarena.api import Match, Model, Motif, Quantity, Scored, SetScored
from gxarena.data import Attribution, Batch, Bools, Explained, Floats, Interval, Spans

WEIGHTS = {"A": 1.0, "C": -0.5, "G": 0.25, "T": -1.0, "N": 0.0}


class Linear:
    """Logits (0, sum of its nucleotides' weights); units of `width` nucleotides."""

    n_outputs = 2
    max_length = None
    dtype = "float64"

    def __init__(self, width: int = 1, scale: float = 1.0) -> None:
        self.width = width
        self.scale = scale

    def spans(self, sequences: Sequence[str]) -> list[Spans]:
        return [Spans(np.array([*range(0, len(s), self.width), len(s)])) for s in sequences]

    def predict(self, sequences: Sequence[str]) -> Floats:
        _log(f"predict {len(sequences)}")
        return np.array([[0.0, self.scale * sum(WEIGHTS[c] for c in s)] for s in sequences])

    def predict_masked(self, sequences: Sequence[str], masks: Sequence[Bools]) -> Floats:
        masked = []
        for sequence, spans, mask in zip(sequences, self.spans(sequences), masks, strict=True):
            hidden = mask[spans.owner]
            masked.append("".join("N" if h else c for c, h in zip(sequence, hidden, strict=True)))
        return self.predict(masked)


class Batched(Linear):
    """Its last bits depend on how many sequences it is given at once, as a network's may."""

    def predict(self, sequences: Sequence[str]) -> Floats:
        return super().predict(sequences) * (1 + len(sequences) * 2.0**-40)


class Trained(Linear):
    """A checkpoint says what an A is worth: one that ships, or a folder with a file of it."""

    SHIPPED = {"one": 1.0, "one-1": -0.5, "one-2": 3.0}  # noqa: RUF012

    def __init__(self, checkpoint: str = "one", width: int = 1) -> None:
        super().__init__(width)
        folder = Path(checkpoint)
        stored = folder / "weight.txt"
        worth = float(stored.read_text()) if folder.is_dir() else self.SHIPPED[checkpoint]
        self.weights = WEIGHTS | {"A": worth}

    def predict(self, sequences: Sequence[str]) -> Floats:
        return np.array([[0.0, sum(self.weights[c] for c in s)] for s in sequences])


class Exact:
    """Each unit's own contribution to the target's logit."""

    cost = (1, 0)

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        _log(f"explain {len(batch)}")
        _linger()
        scale = getattr(model, "scale", 1.0)
        weights = getattr(model, "weights", WEIGHTS)
        return [
            Attribution(
                scores=np.add.reduceat([weights[c] for c in sequence], spans.boundaries[:-1])
                * (scale if target == 1 else 0.0),
                spans=spans,
                special={"[CLS]": 0.0} if spans.widths.max() > 1 else {},
                diagnostics={"explained": scale * sum(weights[c] for c in sequence)},
            )
            for sequence, spans, target in zip(
                batch.sequences, model.spans(batch.sequences), batch.targets, strict=True
            )
        ]


class Crash:
    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        raise RuntimeError("this explainer always fails")


class Leave:
    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        sys.exit("gone")


class Interrupt:
    """Ctrl-C while explaining, as long as a file says so."""

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        if Path(os.environ["TOY_INTERRUPT"]).exists():
            raise KeyboardInterrupt
        return Exact().explain(model, batch)


class Hungry:
    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        raise MemoryError


class Mumble:
    """Its error cannot be written as UTF-8."""

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        raise RuntimeError("file \udcff not found")


class Mute:
    """Its error fails when asked what it is."""

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        class Silent(Exception):
            def __str__(self) -> str:
                raise ValueError

        raise Silent


class Cancel:
    """Raises what is no Exception."""

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        raise asyncio.CancelledError("not now")


class NotANumber:
    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        return [
            Attribution(np.full(len(spans), np.nan), spans)
            for spans in model.spans(batch.sequences)
        ]


class SometimesNotANumber:
    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        return [
            Attribution(np.full(len(one.spans), np.nan), one.spans) if sequence[0] == "A" else one
            for one, sequence in zip(Exact().explain(model, batch), batch.sequences, strict=True)
        ]


class Dice:
    """Draws from generators that all share, which it should not."""

    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        return [
            replace(one, scores=_thrown(len(one.scores))) for one in Exact().explain(model, batch)
        ]


class ShortList:
    def explain(self, model: Model, batch: Batch) -> list[Attribution]:
        return Exact().explain(model, batch)[:-1]


class Total:
    quantities = {"": Quantity("higher")}  # noqa: RUF012

    def score(self, explained: Explained, probe: object) -> Scored:
        _log(f"total {len(explained)}")
        _linger()
        return Scored({"": np.array([a.scores.sum() for a in explained.attributions])})


class Forgetful(Total):
    """Has values of a chunk's samples alone."""

    def score(self, explained: Explained, probe: object) -> Scored:
        scored = super().score(explained, probe)
        return scored if len(explained) == 64 else replace(scored, values={})


class DiceTotal(Total):
    def score(self, explained: Explained, probe: object) -> Scored:
        return Scored({"": _thrown(len(explained))})


class Trips(Total):
    """Raises, or ends its process, where it is given the sample `at`; at `once` ends it once.

    Where it is given `hangs` it takes ten minutes.
    """

    def __init__(
        self, at: str, how: str, once: str = "", marker: str = "", hangs: str = ""
    ) -> None:
        self.at, self.how, self.once, self.marker, self.hangs = at, how, once, marker, hangs

    def score(self, explained: Explained, probe: object) -> Scored:
        ids = [sample.id for sample in explained.samples]
        # Not a parameter's path: by the content of these a component is known.
        died = Path(tempfile.gettempdir(), self.marker)
        if self.once in ids and not died.exists():
            died.touch()
            os._exit(4)
        if self.hangs in ids:
            time.sleep(600)
        if self.at in ids:
            if self.how == "exit":
                os._exit(3)
            raise ValueError(f"tripped at {self.at}")
        return super().score(explained, probe)


class Stranger(Total):
    def score(self, explained: Explained, probe: object) -> Scored:
        return Scored({"other": np.zeros(len(explained))})


class TooFew(Total):
    def score(self, explained: Explained, probe: object) -> Scored:
        return Scored({"": np.zeros(len(explained) - 1)})


class Collection:
    """One motif with a match and one without, seen in the first sample."""

    quantities = {"found": Quantity("higher")}  # noqa: RUF012

    def score_set(self, explained: Explained) -> SetScored:
        rows = np.vstack([np.eye(4), np.eye(4)[::-1]]) * 0.96 + 0.01
        seqlets = ((0, Interval(2, 10, "", "-")),)
        match = Match("MA0000.1", "Toy", 0.001, True, 1, rows[::-1, ::-1], 1e-9)
        one = Motif("positive_0", "positive", "observed", rows, rows, (1, 7), seqlets, match)
        other = Motif("negative_0", "negative", "observed", rows, -rows, (0, 0), seqlets)
        return SetScored({"found": 2.0}, motifs=(one, replace(other, counts=False, bits=1.5)))


class Patterns(Collection):
    """As TF-MoDISco tells: in which contributions. None in random scores; hypothetical for GC's."""

    quantities = {f"{kind}.found": Quantity("higher") for kind in ("hypothetical", "observed")}  # noqa: RUF012

    def score_set(self, explained: Explained) -> SetScored:
        scores = np.concatenate([one.scores for one in explained.attributions])
        if (scores >= 0).all():
            return SetScored({"hypothetical.found": 2.0}, motifs=self._both("hypothetical"))
        exact = np.array_equal(scores * 4, np.round(scores * 4))
        return SetScored(
            {"observed.found": 2.0 * exact}, motifs=self._both("observed") if exact else ()
        )

    def _both(self, kind: str) -> tuple[Motif, ...]:
        given = Explained((), (), np.zeros(0, int), np.zeros((0, 2)))
        return tuple(replace(m, contributions=kind) for m in super().score_set(given).motifs)


class Nothing(Collection):
    def score_set(self, explained: Explained) -> SetScored:
        return SetScored({"found": float("nan")}, {"found": "no pattern: 3 seqlets"})


def _linger() -> None:
    """Tests that kill a run want it to last."""
    time.sleep(float(os.environ.get("TOY_DELAY", "0")))


def _log(line: str) -> None:
    """Tests that count calls name a file to count them in."""
    if path := os.environ.get("TOY_LOG"):
        with Path(path).open("a") as file:
            file.write(line + "\n")


def _thrown(n: int) -> Floats:
    drawn: Floats = np.random.random(n) + random.random()  # noqa: S311
    return drawn
