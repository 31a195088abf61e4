"""Which metrics of Quantus a gxarena cell can ask for, and why the others are refused.

Imports no Quantus: planning reads this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gxarena.api import Better

Needs = Literal["map", "truth", "probe"]


@dataclass(frozen=True)
class Entry:
    """One metric of Quantus.

    Parameters
    ----------
    component : str
        As suites call it.
    needs : "map", "truth" or "probe"
        The scores alone, the annotated units too, or answers of the model.
    better : "higher" or "lower"
    bounds : (low, high)
    summary, citation : str
    settings : mapping
        Settings of Quantus that replace its own, which are for images.
    """

    component: str
    needs: Needs
    better: Better
    bounds: tuple[float | None, float | None]
    summary: str
    citation: str
    settings: Mapping[str, object] = field(default_factory=dict)


_UNIT = (0.0, 1.0)
_CORRELATION = (-1.0, 1.0)

ENTRIES: Mapping[str, Entry] = {
    "Sparseness": Entry(
        "quantus-sparseness",
        "map",
        "higher",
        _UNIT,
        "Gini index of the scores",
        "Chalasani et al. 2020, ICML, arXiv:1810.06583",
    ),
    "Complexity": Entry(
        "quantus-complexity",
        "map",
        "lower",
        (0.0, None),
        "entropy of the scores",
        "Bhatt et al. 2020, IJCAI, arXiv:2005.00631",
    ),
    "EffectiveComplexity": Entry(
        "quantus-effective-complexity",
        "map",
        "lower",
        (0.0, None),
        "number of units above eps of the largest",
        "Nguyen and Martinez 2020, arXiv:2007.07584",
    ),
    "PointingGame": Entry(
        "quantus-pointing-game",
        "truth",
        "higher",
        _UNIT,
        "whether the highest unit is annotated",
        "Zhang et al. 2018, IJCV 126:1084",
    ),
    "TopKIntersection": Entry(
        "quantus-top-k-intersection",
        "truth",
        "higher",
        _UNIT,
        "annotated share of the k highest units; k is a tenth where none is given",
        "Theiner et al. 2021, arXiv:2104.14995",
    ),
    "RelevanceMassAccuracy": Entry(
        "quantus-relevance-mass",
        "truth",
        "higher",
        (None, None),
        "share of the scores on annotated units, signs and all",
        "Arras et al. 2022, CLEVR-XAI, Information Fusion 81:14",
    ),
    "RelevanceRankAccuracy": Entry(
        "quantus-relevance-rank",
        "truth",
        "higher",
        _UNIT,
        "annotated share of the highest units, as many as are annotated",
        "Arras et al. 2022, CLEVR-XAI, Information Fusion 81:14",
    ),
    "AttributionLocalisation": Entry(
        "quantus-attribution-localisation",
        "truth",
        "higher",
        _UNIT,
        "share of the magnitudes on annotated units",
        "Kohlbrenner et al. 2020, IJCNN, arXiv:1910.09840",
    ),
    "AUC": Entry(
        "quantus-auc",
        "truth",
        "higher",
        _UNIT,
        "area under the ROC curve of annotated units",
        "Fawcett 2006, Pattern Recognition Letters 27:861",
    ),
    "FaithfulnessCorrelation": Entry(
        "quantus-faithfulness-correlation",
        "probe",
        "higher",
        _CORRELATION,
        "correlation of scores and drops over random sets of units",
        "Bhatt et al. 2020, IJCAI, arXiv:2005.00631",
    ),
    "FaithfulnessEstimate": Entry(
        "quantus-faithfulness-estimate",
        "probe",
        "higher",
        _CORRELATION,
        "correlation of scores and drops, unit by unit",
        "Alvarez-Melis and Jaakkola 2018, NeurIPS, arXiv:1806.07538",
    ),
    "PixelFlipping": Entry(
        "quantus-pixel-flipping",
        "probe",
        "lower",
        (None, None),
        "mean of the explained value while units vanish, highest first",
        "Bach et al. 2015, PLoS ONE 10:e0130140",
    ),
    "MonotonicityCorrelation": Entry(
        "quantus-monotonicity-nguyen",
        "probe",
        "higher",
        _CORRELATION,
        "rank correlation of scores and squared changes, unit by unit",
        "Nguyen and Martinez 2020, arXiv:2007.07584",
        # What replaces a unit is not random here: one answer is as good as a hundred.
        {"nr_samples": 1},
    ),
    "NonSensitivity": Entry(
        "quantus-non-sensitivity",
        "probe",
        "lower",
        (0.0, None),
        "number of units whose score and effect disagree on being zero",
        "Nguyen and Martinez 2020, arXiv:2007.07584",
    ),
}

_AGAIN = "it explains altered inputs again, and a metric of gxarena has no explainer"
_PARAMETERS = "it changes the model's parameters, and a metric of gxarena only asks the model"
_OTHERS = "its value for a sample depends on the other samples of the batch"
_IMAGES = "it cuts inputs into image patches or segments"

REFUSED: Mapping[str, str] = {
    "AvgSensitivity": _AGAIN,
    "MaxSensitivity": _AGAIN,
    "LocalLipschitzEstimate": _AGAIN,
    "RelativeInputStability": _AGAIN,
    "RelativeOutputStability": _AGAIN,
    "RelativeRepresentationStability": _AGAIN,
    "Continuity": _AGAIN,
    "RandomLogit": _AGAIN,
    "InputInvariance": _AGAIN,
    "MPRT": _PARAMETERS,
    "SmoothMPRT": _PARAMETERS,
    "EfficientMPRT": _PARAMETERS,
    "Consistency": _OTHERS,
    "SensitivityN": _OTHERS,
    "Sufficiency": _OTHERS,
    "Focus": "it makes mosaics of several images",
    "ROAD": _IMAGES,
    "IROF": _IMAGES,
    "Infidelity": _IMAGES,
    "RegionPerturbation": _IMAGES,
    "Selectivity": _IMAGES,
    # Quantus 0.6 starts from the baseline and replaces units by the baseline again.
    "Monotonicity": "it never shows the model a unit, so that every explanation passes",
    "Completeness": "it asks floating-point numbers to be equal; use conservation_error",
}
