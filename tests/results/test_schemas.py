"""The format of a run's tables has a number, and it means something."""

from __future__ import annotations

import pyarrow as pa
import pytest

from gxarena.results.format_version import FORMAT
from gxarena.results.schemas import LEADERBOARD, TABLES

COLUMNS = {
    3: {
        "cells": """
            cell_id string, attempt int64, suite string, suite_digest string,
            gxarena_version string, dataset string, dataset_digest string, dataset_kind string?,
            n_samples int64, model string, model_component string?, model_distribution string?,
            model_version string?, model_digest string?, model_parameters string?,
            model_weights_digest string?, model_replicate int64?,
            explainer string, explainer_component string?,
            explainer_distribution string?, explainer_version string?, explainer_digest string?,
            explainer_parameters string?, explainer_role string, attributions_key string?,
            attributions_units string?,
            attributions_fingerprint list<item: double>?,
            aggregator string, aggregator_component string?,
            aggregator_distribution string?, aggregator_version string?,
            aggregator_digest string?, aggregator_parameters string?, units string?,
            metric string, metric_component string?, metric_distribution string?,
            metric_version string?, metric_digest string?, metric_parameters string?,
            metric_name string, metric_scope string, metric_question string,
            against string?, quantities string?,
            target string, objective string, seed int64, status string, error_type string?,
            error_message string?, error_traceback string?, started timestamp[us, tz=UTC],
            seconds double, explain_seconds double?, forwards int64?, backwards int64?,
            peak_memory int64?, device string?, dtype string?, packages string,
            packages_digest string, git_commit string?
        """,
        "samples": """
            cell_id string, sample_id string, metric string, value double?, reason string?
        """,
        "curves": """
            cell_id string, sample_id string, curve string, x double, y double?
        """,
        "motifs": """
            cell_id string, motif string, sign string, contributions string, n_seqlets int64,
            frequencies list<item: fixed_size_list<item: double>[4]>,
            scores list<item: fixed_size_list<item: double>[4]>, trimmed_start int64,
            trimmed_end int64, match_id string?, match_name string?, match_q double?,
            match_reverse bool?, match_offset int64?,
            match_frequencies list<item: fixed_size_list<item: double>[4]>?
        """,
        "seqlets": """
            cell_id string, motif string, sample_id string, start int64, end int64, strand string
        """,
        "leaderboard": """
            suite string, dataset string, model string, explainer string, aggregator string,
            metric string, role string, entry string?, question string, direction string,
            estimate double?, ci_low double?, ci_high double?, ci_method string, n int64,
            n_undefined int64, n_failed int64, sequences int64, replicates int64, rank int64?,
            rank_low int64?, rank_high int64?, tier int64?, seconds_per_sequence double?,
            verification string
        """,
    }
}
COLUMNS[4] = COLUMNS[3] | {
    "motifs": """
        cell_id string, motif string, sign string, contributions string, n_seqlets int64,
        frequencies list<item: fixed_size_list<item: double>[4]>,
        scores list<item: fixed_size_list<item: double>[4]>, trimmed_start int64,
        trimmed_end int64, counts bool, bits double?, match_id string?, match_name string?,
        match_q double?, match_p double?, match_reverse bool?, match_offset int64?,
        match_frequencies list<item: fixed_size_list<item: double>[4]>?
    """
}
COLUMNS[5] = COLUMNS[4] | {
    # Boards are made of the other tables; what they gain changes no run.
    "leaderboard": COLUMNS[3]["leaderboard"]
    .replace("direction string,", "direction string, not_ranked string?,")
    .replace("rank int64?", "coverage double?, estimate_filled double?, rank int64?")
    .replace(
        "seconds_per_sequence",
        "behind_best double?, behind_best_p double?, rank_filled int64?,\n"
        "            ranks_without list<item: int64>?, seconds_per_sequence",
    )
}
COLUMNS[6] = COLUMNS[5]  # sealed files, and segments while a run is at work
"""What a reader of each format finds, in order; ``?`` where it may be null.

Whoever changes a column that was released here writes down another format beside it.
"""


def _columns(schema: pa.Schema) -> list[str]:
    return [f"{field.name} {field.type}{'?' if field.nullable else ''}" for field in schema]


@pytest.mark.parametrize("table", [*TABLES, "leaderboard"])
def test_other_columns_are_another_format(table: str) -> None:
    schema = {**TABLES, "leaderboard": LEADERBOARD}[table]
    assert ", ".join(_columns(schema)) == " ".join(COLUMNS[FORMAT][table].split())


def test_every_table_is_written_down() -> None:
    assert {*TABLES, "leaderboard"} == set(COLUMNS[FORMAT])
