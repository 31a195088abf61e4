"""The claims of the paper's text (Kurth et al. 2026), each tried on the runs at hand.

A claim is a function of the runs' tables that gives comparisons with intervals; it holds where
every comparison holds, fails where any fails, and is undecided otherwise, also where the runs do
not hold what it takes. Controls (random and the like) are never contestants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from gxarena.report import comparisons
from gxarena.report.evidence import Evidence, NotHeld
from gxarena.report.inference import Comparison, Verdict, combined


@dataclass(frozen=True)
class Claim:
    """One claim of the paper's text.

    Attributes
    ----------
    id : str
    sentence : str
        What is claimed, in one sentence.
    where : str
        Where the paper says so.
    method : str
        What is compared, and when the claim holds.
    needs : str
        What a suite must ask for, said where nothing could be compared.
    compare : callable
        The comparisons that the runs allow.
    """

    id: str
    sentence: str
    where: str
    method: str
    needs: str
    compare: Callable[[Evidence], Iterator[Comparison]]


@dataclass(frozen=True)
class Finding:
    """A claim's verdict on the runs at hand, with the comparisons it rests on."""

    claim: Claim
    verdict: Verdict
    comparisons: tuple[Comparison, ...]
    reason: str = ""

    def document(self) -> dict[str, Any]:
        """As plain values; NaN as None."""
        return {
            "claim": self.claim.id,
            "sentence": self.claim.sentence,
            "where": self.claim.where,
            "verdict": self.verdict,
            "reason": self.reason,
            "comparisons": [
                {k: None if v != v else v for k, v in vars(one).items()} for one in self.comparisons
            ],
        }


def judge(evidence: Evidence) -> list[Finding]:
    """Every claim's finding, in the paper's order."""
    return [judged(claim, evidence) for claim in CLAIMS]


def judged(claim: Claim, evidence: Evidence) -> Finding:
    """One claim's finding; what the runs lack is the reason of an undecided one."""
    try:
        made = tuple(claim.compare(evidence))
    except NotHeld as error:
        return Finding(claim, "undecided", (), str(error))
    reason = "" if made else f"nothing to compare: needs {claim.needs}."
    return Finding(claim, combined(made), made, reason)


CLAIMS = (
    Claim(
        "special-tokens",
        "[CLS] and [SEP] take the most relevance.",
        "section 5, first paragraph; Figure 1",
        "mean share of |relevance| on special tokens above one half, and (where the run's store "
        "tells single tokens) the larger of the two above every other token, in every data set",
        "metric special_share on a model with special tokens",
        comparisons.special_most,
    ),
    Claim(
        "special-tokens-length",
        "The longer the sequence, the more relevance special tokens take.",
        "section 5, first paragraph",
        "Spearman's correlation of share and length above 0, over all data sets of one model",
        "metric special_share on sequences of several lengths, and the run's store",
        comparisons.special_with_length,
    ),
    Claim(
        "strategies",
        "Explanations align better by strategies (b) and (c) than by (a) and (d).",
        "section 5, Similarity; Figure 2",
        "paired difference of the continuous Jaccard similarity above 0, each against each",
        "metric continuous_jaccard with aggregators sum, mean, passed_on, equally_distributed",
        comparisons.strategies,
    ),
    Claim(
        "promoters-over-enhancers",
        "Explanations of promoters align better than those of enhancers.",
        "section 5, Similarity; Figure 2",
        "difference of the mean continuous Jaccard similarity above 0, by every strategy",
        "metric continuous_jaccard on data sets of both (give the report both runs)",
        comparisons.promoters_over_enhancers,
    ),
    Claim(
        "negative-class-alignment",
        "Explanations of the negative class align less.",
        "section 5, Similarity",
        "positive minus negative class, mean continuous Jaccard similarity, above 0",
        "metric continuous_jaccard on data sets with labels = [1] and labels = [0]",
        comparisons.negative_aligns_less,
    ),
    Claim(
        "token-entropy",
        "Explanations on tokens are less complex than on nucleotides.",
        "section 5, Sparsity and Complexity; Table 1",
        "paired difference of the entropy, nucleotides minus tokens, above 0",
        "metric entropy with aggregators native and passed_on (tokens), or native and sum or mean "
        "(nucleotides)",
        comparisons.tokens_less_complex,
    ),
    Claim(
        "mif-over-lif",
        "Replacing the most important units first changes the prediction more than the least.",
        "sections 4.1 and 5, Faithfulness; Figure 3",
        "paired difference of the areas under the probability's drop, MIF minus LIF, above 0",
        "metric faithfulness, native",
        comparisons.mif_over_lif,
    ),
    Claim(
        "similar-faithfulness",
        "Explanations of DNABERT-2 are similarly faithful as those of the CNN.",
        "section 5, Faithfulness; Figure 3",
        f"areas under the probability's drop equivalent within ±{comparisons.MARGIN:g}, for MIF "
        "and LIF, unknown and complement nucleotides",
        "metric faithfulness, native, on a token model and a nucleotide model",
        comparisons.similarly_faithful,
    ),
    Claim(
        "negative-class-flat",
        "Curves of the negative class are flat.",
        "section 5, Faithfulness",
        f"area under the probability's drop, MIF, equivalent to 0 within ±{comparisons.MARGIN:g}",
        "metric faithfulness, native, on a data set with labels = [0]",
        comparisons.negative_flat,
    ),
    Claim(
        "patterns-matched",
        "Every pattern in the explanations of DNABERT-2 matches a known motif.",
        "section 5, Localization",
        "all patterns of TF-MoDISco match an entry of JASPAR, beside the share that do by chance",
        "metric modisco on a token model with aggregator passed_on",
        comparisons.all_matched,
    ),
)
