"""The core's own metrics, as components (see `gxarena.builtin`)."""

from __future__ import annotations

from collections.abc import Iterable

from gxarena.hookspecs import Component, hookimpl

_PAPER = "Kurth, Yanez Sarmiento and Renard 2026, arXiv:2604.21690"
_SAMPLE = frozenset({"sample"})
_TRUTH = frozenset({"truth"})


@hookimpl
def gxarena_metrics() -> Iterable[Component]:
    yield Component(
        name="gini",
        target="gxarena.metrics.complexity:Gini",
        summary="sparsity: Gini index of the scores' magnitudes",
        citation="Chalasani et al. 2020, ICML, arXiv:1810.06583",
        provides=_SAMPLE,
        question="complexity",
    )
    yield Component(
        name="entropy",
        target="gxarena.metrics.complexity:Entropy",
        summary="complexity: entropy of the scores' magnitudes, in nats",
        citation="Bhatt et al. 2020, IJCAI, arXiv:2005.00631",
        provides=_SAMPLE,
        question="complexity",
    )
    yield Component(
        name="continuous_jaccard",
        target="gxarena.metrics.similarity:ContinuousJaccard",
        summary="similarity of two explanations, with sign and magnitude",
        citation="Shrikumar et al. 2018, TF-MoDISco, arXiv:1811.00416",
        provides=frozenset({"pair"}),
    )
    yield Component(
        name="faithfulness",
        target="gxarena.metrics.faithfulness:Faithfulness",
        summary="drop of the target's score when units are replaced, most or least important first",
        citation="Samek et al. 2017, IEEE TNNLS 28:2660; budgets of DeYoung et al. 2020, ERASER",
        provides=_SAMPLE,
        question="faithfulness",
        requires=frozenset({"probe"}),
    )
    yield Component(
        name="borrowed",
        target="gxarena.metrics.borrowed:Borrowed",
        summary="faithfulness of another model to the same nucleotides: architectures paired",
        provides=frozenset({"pair"}),
        requires=frozenset({"probe"}),
    )
    yield Component(
        name="retokenised",
        target="gxarena.metrics.retokenised:Retokenised",
        summary="control of faithfulness: every letter stays, only the tokens around edits change",
        provides=_SAMPLE,
        requires=frozenset({"probe"}),
    )
    yield Component(
        name="conservation_error",
        target="gxarena.metrics.conservation:ConservationError",
        summary="part of the explained value that the scores do not add up to",
        citation="Bach et al. 2015, PLoS ONE 10:e0130140, eq. 2",
        provides=_SAMPLE,
        requires=frozenset({"native"}),
    )
    yield Component(
        name="special_share",
        target="gxarena.metrics.special_share:SpecialShare",
        summary="share of the total relevance on special tokens such as [CLS] and [SEP]",
        citation=f"{_PAPER}, section 5",
        provides=_SAMPLE,
        requires=frozenset({"native", "special"}),
    )
    yield Component(
        name="auprc",
        target="gxarena.metrics.localization:AUPRC",
        summary="localization: area under precision-recall of annotated units, with base rate",
        citation="Davis and Goadrich 2006, ICML",
        provides=_SAMPLE,
        question="localization",
        requires=_TRUTH,
    )
    yield Component(
        name="auroc",
        target="gxarena.metrics.localization:AUROC",
        summary="localization: how often an annotated unit is ahead of another",
        citation="Hanley and McNeil 1982, Radiology 143:29",
        provides=_SAMPLE,
        question="localization",
        requires=_TRUTH,
    )
    yield Component(
        name="relevance_mass",
        target="gxarena.metrics.localization:RelevanceMass",
        summary="localization: share of the relevance on annotated units",
        citation="Arras et al. 2022, CLEVR-XAI, Information Fusion 81:14",
        provides=_SAMPLE,
        question="localization",
        requires=_TRUTH,
    )
    yield Component(
        name="relevance_rank",
        target="gxarena.metrics.localization:RelevanceRank",
        summary="localization: annotated share of the highest units, as many as are annotated",
        citation="Arras et al. 2022, CLEVR-XAI, Information Fusion 81:14",
        provides=_SAMPLE,
        question="localization",
        requires=_TRUTH,
    )
    yield Component(
        name="pointing_game",
        target="gxarena.metrics.localization:PointingGame",
        summary="localization: whether the highest unit is annotated",
        citation="Zhang et al. 2018, IJCV 126:1084",
        provides=_SAMPLE,
        question="localization",
        requires=_TRUTH,
    )
    yield Component(
        name="decoy_precision",
        target="gxarena.metrics.grammar:DecoyPrecision",
        summary="localization: how much less relevance decoys have than motifs, per nucleotide",
        provides=_SAMPLE,
        question="localization",
        requires=_TRUTH,
    )
    yield Component(
        name="model_randomisation",
        target="gxarena.metrics.randomisation:ModelRandomisation",
        summary="sanity check, pass or fail: explanations change when all parameters are redrawn",
        citation="Adebayo et al. 2018, NeurIPS, arXiv:1810.03292",
        provides=_SAMPLE,
        question="robustness",
        requires=frozenset({"explainer", "native", "randomisable"}),
    )
    yield Component(
        name="accuracy",
        target="gxarena.metrics.prediction:Accuracy",
        summary="whether the model is right about the sample; no explainer changes it",
        provides=_SAMPLE,
    )
    yield Component(
        name="output_difference",
        target="gxarena.metrics.prediction:OutputDifference",
        summary="how far two models' outputs are apart, as of one model in two precisions",
        provides=frozenset({"pair"}),
    )
    yield Component(
        name="completeness",
        target="gxarena.metrics.conservation:Completeness",
        summary="gap between the sum of the scores and f(x) - f(reference)",
        citation="Sundararajan et al. 2017, ICML, arXiv:1703.01365",
        provides=_SAMPLE,
        requires=frozenset({"native"}),
    )
    yield Component(
        name="comprehensiveness",
        target="gxarena.metrics.comprehensiveness:Comprehensiveness",
        summary="drop of the target's score without the most important units, mean over budgets",
        citation="DeYoung et al. 2020, ERASER, ACL, arXiv:1911.03429",
        provides=_SAMPLE,
        question="faithfulness",
        requires=frozenset({"probe"}),
    )
    yield Component(
        name="sufficiency",
        target="gxarena.metrics.comprehensiveness:Sufficiency",
        summary="drop of the target's score with the most important units alone, mean over budgets",
        citation="DeYoung et al. 2020, ERASER, ACL, arXiv:1911.03429",
        provides=_SAMPLE,
        question="faithfulness",
        requires=frozenset({"probe"}),
    )
    yield Component(
        name="infidelity",
        target="gxarena.metrics.infidelity:Infidelity",
        summary="squared error of the scores as a forecast of the drop under random masks",
        citation="Yeh et al. 2019, NeurIPS, arXiv:1901.09392",
        provides=_SAMPLE,
        question="faithfulness",
        requires=frozenset({"maskable", "native", "probe"}),
    )
    yield Component(
        name="max_sensitivity",
        target="gxarena.metrics.robustness:MaxSensitivity",
        summary="robustness: largest change of the explanation under random substitutions",
        citation="Yeh et al. 2019, NeurIPS, arXiv:1901.09392",
        provides=_SAMPLE,
        question="robustness",
        requires=frozenset({"explainer", "native"}),
    )
    yield Component(
        name="synonymous_robustness",
        target="gxarena.metrics.robustness:SynonymousRobustness",
        summary="robustness: the same under substitutions outside the annotated motifs",
        citation="Yeh et al. 2019, NeurIPS, arXiv:1901.09392",
        provides=_SAMPLE,
        question="robustness",
        requires=frozenset({"explainer", "native", "truth"}),
    )
    yield Component(
        name="reverse_complement_consistency",
        target="gxarena.metrics.robustness:ReverseComplementConsistency",
        summary="correlation of the explanation with that of the other strand, turned back",
        citation="Zhou, Shrikumar and Kundaje 2022, PMLR 165:1",
        provides=_SAMPLE,
        question="robustness",
        requires=frozenset({"explainer", "native"}),
    )
    yield Component(
        name="replicate_agreement",
        target="gxarena.metrics.replicate_agreement:ReplicateAgreement",
        summary="stability: how alike explanations are over a model's replicates",
        citation="Shrikumar et al. 2018, arXiv:1811.00416; Krishna et al. 2022, arXiv:2202.01602",
        provides=frozenset({"pair"}),
        requires=frozenset({"replicates"}),
    )
    yield Component(
        name="attribution_consistency",
        target="gxarena.metrics.consistency:AttributionConsistency",
        summary="consistency of a set's maps: divergence of window directions, beyond a null",
        citation="Majdandzic et al. 2022, PMLR 200:131",
        provides=frozenset({"set"}),
    )
    yield Component(
        name="rank_correlation",
        target="gxarena.metrics.similarity:RankCorrelation",
        summary="agreement of two explanations: Spearman's correlation of their scores",
        citation="Krishna et al. 2022, arXiv:2202.01602",
        provides=frozenset({"pair"}),
    )
    yield Component(
        name="top_k_overlap",
        target="gxarena.metrics.similarity:TopKOverlap",
        summary="agreement of two explanations: common share of their highest units",
        citation="Krishna et al. 2022, arXiv:2202.01602",
        provides=frozenset({"pair"}),
    )
