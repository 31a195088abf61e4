"""The tables of a run: their columns, as explicit Arrow schemas, and the statuses of a cell."""

from __future__ import annotations

import pyarrow as pa

STATUSES = (
    "ok",
    "skipped",
    "unsupported",
    "error",
    "crashed",
    "oom",
    "timeout",
    "interrupted",
)
REPLICATE = "model_replicate"
"""The column of a model's weights: their position among its replicates."""

DUE = "due"
SETTLED = frozenset({"ok", "unsupported", "skipped"})
"""Statuses that need no further attempt."""


def _described(kind: str) -> list[pa.Field]:
    """What is recorded of a component: label, name, where from, digest, resolved parameters."""
    return [
        pa.field(kind, pa.string(), nullable=False),
        *(
            pa.field(f"{kind}_{what}", pa.string())
            for what in ("component", "distribution", "version", "digest", "parameters")
        ),
    ]


# Scores are on tokens or on single nucleotides: `attributions_units` as the explainer gave them,
# `units` as the metric read them. The key is that of the explanation in the run's store;
# the fingerprint tells which explainers give the same maps (`gxarena.results.same_maps`).
CELLS = pa.schema(
    [
        pa.field("cell_id", pa.string(), nullable=False),
        pa.field("attempt", pa.int64(), nullable=False),
        pa.field("suite", pa.string(), nullable=False),
        pa.field("suite_digest", pa.string(), nullable=False),
        pa.field("gxarena_version", pa.string(), nullable=False),
        pa.field("dataset", pa.string(), nullable=False),
        pa.field("dataset_digest", pa.string(), nullable=False),
        pa.field("dataset_kind", pa.string()),
        pa.field("n_samples", pa.int64(), nullable=False),
        *_described("model"),
        pa.field("model_weights_digest", pa.string()),
        # Position among the model's replicates; where it has none and is compared with another that
        # has, among that one's; else null.
        pa.field(REPLICATE, pa.int64()),
        *_described("explainer"),
        pa.field("explainer_role", pa.string(), nullable=False),
        pa.field("attributions_key", pa.string()),
        pa.field("attributions_units", pa.string()),
        pa.field("attributions_fingerprint", pa.list_(pa.float64())),
        *_described("aggregator"),
        pa.field("units", pa.string()),
        *_described("metric"),
        pa.field("metric_name", pa.string(), nullable=False),
        pa.field("metric_scope", pa.string(), nullable=False),
        pa.field("metric_question", pa.string(), nullable=False),
        pa.field("against", pa.string()),
        pa.field("quantities", pa.string()),
        pa.field("target", pa.string(), nullable=False),
        pa.field("objective", pa.string(), nullable=False),
        pa.field("seed", pa.int64(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("error_type", pa.string()),
        pa.field("error_message", pa.string()),
        pa.field("error_traceback", pa.string()),
        pa.field("started", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("seconds", pa.float64(), nullable=False),
        pa.field("explain_seconds", pa.float64()),
        pa.field("forwards", pa.int64()),
        pa.field("backwards", pa.int64()),
        pa.field("peak_memory", pa.int64()),
        pa.field("device", pa.string()),
        pa.field("dtype", pa.string()),
        pa.field("packages", pa.string(), nullable=False),
        pa.field("packages_digest", pa.string(), nullable=False),
        pa.field("git_commit", pa.string()),
    ]
)
SAMPLES = pa.schema(
    [
        pa.field("cell_id", pa.string(), nullable=False),
        pa.field("sample_id", pa.string(), nullable=False),
        pa.field("metric", pa.string(), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("reason", pa.string()),
    ]
)
VALUES = ("cell_id", "sample_id", "metric", "value")
"""Columns of `samples` that boards are made of."""
CURVES = pa.schema(
    [
        pa.field("cell_id", pa.string(), nullable=False),
        pa.field("sample_id", pa.string(), nullable=False),
        pa.field("curve", pa.string(), nullable=False),
        pa.field("x", pa.float64(), nullable=False),
        pa.field("y", pa.float64()),
    ]
)
MOTIFS = pa.schema(
    [
        pa.field("cell_id", pa.string(), nullable=False),
        pa.field("motif", pa.string(), nullable=False),
        pa.field("sign", pa.string(), nullable=False),
        pa.field("contributions", pa.string(), nullable=False),
        pa.field("n_seqlets", pa.int64(), nullable=False),
        pa.field("frequencies", pa.list_(pa.list_(pa.float64(), 4)), nullable=False),
        pa.field("scores", pa.list_(pa.list_(pa.float64(), 4)), nullable=False),
        pa.field("trimmed_start", pa.int64(), nullable=False),
        pa.field("trimmed_end", pa.int64(), nullable=False),
        pa.field("counts", pa.bool_(), nullable=False),
        pa.field("bits", pa.float64()),
        pa.field("match_id", pa.string()),
        pa.field("match_name", pa.string()),
        pa.field("match_q", pa.float64()),
        pa.field("match_p", pa.float64()),
        pa.field("match_reverse", pa.bool_()),
        pa.field("match_offset", pa.int64()),
        pa.field("match_frequencies", pa.list_(pa.list_(pa.float64(), 4))),
    ]
)
SEQLETS = pa.schema(
    [
        pa.field("cell_id", pa.string(), nullable=False),
        pa.field("motif", pa.string(), nullable=False),
        pa.field("sample_id", pa.string(), nullable=False),
        pa.field("start", pa.int64(), nullable=False),
        pa.field("end", pa.int64(), nullable=False),
        pa.field("strand", pa.string(), nullable=False),
    ]
)
# `n`, `n_undefined` and `n_failed` count values, one a sequence and replicate; `sequences` and
# `replicates` say of how many of each there are any. `entry` is the explainer that stands for all
# whose maps are the same; null for controls, which do not compete. `behind_best` is how much better
# the first of rank 1 is, in the metric's own unit, on the sequences that both have, and
# `behind_best_p` its p, Holm-adjusted over all pairs; both are null for who shares none with it.
# `not_ranked` says why nobody is ranked by the quantity (`gxarena.results.validity`).
# `coverage` is the share of the values asked for that there are; in `estimate_filled` and
# `rank_filled` the floor's (`random`) stand in the place of the others: null without a floor.
# `ranks_without` are the ranks with each replicate in turn left out; null for one set of weights.
LEADERBOARD = pa.schema(
    [
        pa.field("suite", pa.string(), nullable=False),
        pa.field("dataset", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("explainer", pa.string(), nullable=False),
        pa.field("aggregator", pa.string(), nullable=False),
        pa.field("metric", pa.string(), nullable=False),
        pa.field("role", pa.string(), nullable=False),
        pa.field("entry", pa.string()),
        pa.field("question", pa.string(), nullable=False),
        pa.field("direction", pa.string(), nullable=False),
        pa.field("not_ranked", pa.string()),
        pa.field("estimate", pa.float64()),
        pa.field("ci_low", pa.float64()),
        pa.field("ci_high", pa.float64()),
        pa.field("ci_method", pa.string(), nullable=False),
        pa.field("n", pa.int64(), nullable=False),
        pa.field("n_undefined", pa.int64(), nullable=False),
        pa.field("n_failed", pa.int64(), nullable=False),
        pa.field("sequences", pa.int64(), nullable=False),
        pa.field("replicates", pa.int64(), nullable=False),
        pa.field("coverage", pa.float64()),
        pa.field("estimate_filled", pa.float64()),
        pa.field("rank", pa.int64()),
        pa.field("rank_low", pa.int64()),
        pa.field("rank_high", pa.int64()),
        pa.field("tier", pa.int64()),
        pa.field("behind_best", pa.float64()),
        pa.field("behind_best_p", pa.float64()),
        pa.field("rank_filled", pa.int64()),
        pa.field("ranks_without", pa.list_(pa.int64())),
        pa.field("seconds_per_sequence", pa.float64()),
        pa.field("verification", pa.string(), nullable=False),
    ]
)
TABLES = {
    "cells": CELLS,
    "samples": SAMPLES,
    "curves": CURVES,
    "motifs": MOTIFS,
    "seqlets": SEQLETS,
}
"""The tables that are joined from the parts of cells; the leaderboard is computed from them."""
