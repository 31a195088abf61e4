"""File names of labels: safe whatever the label, and another for another label."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from gxarena.site.addresses import dossier, metric_of, slug

ROW = {"dataset": "fly", "model": "cnn", "explainer": "lrp", "metric": "auprc", "aggregator": "sum"}


def test_plain_labels_stay_as_they_are() -> None:
    assert slug("fly-promoters", "cnn") == "fly-promoters--cnn"
    assert dossier(2, ROW) == "cell/2-fly--cnn--lrp.html#auprc--sum"


@given(st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_any_label_is_a_short_safe_name(labels: list[str]) -> None:
    name = slug(*labels)
    assert re.fullmatch(r"[a-z0-9-]+", name)
    assert len(name) < 60
    assert len(PurePosixPath(name).parts) == 1


@given(st.lists(st.text("aA-. ", min_size=1), min_size=2, max_size=4, unique=True))
def test_others_have_other_names(labels: list[str]) -> None:
    assert len({slug(label) for label in labels}) == len(labels)
    assert slug(labels[0], labels[1]) != slug(labels[1], labels[0])


def test_the_same_words_apart_otherwise_are_not_the_same() -> None:
    assert slug("a--b", "c") != slug("a", "b--c")


def test_a_quantity_s_metric() -> None:
    assert metric_of("faithfulness-unknown.mif_drop_logit@20") == "faithfulness-unknown"
    assert metric_of("continuous_jaccard[vs cnn/lrp.x]") == "continuous_jaccard"
