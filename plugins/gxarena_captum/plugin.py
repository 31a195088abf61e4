"""What this plugin offers; imports no torch."""

from __future__ import annotations

from collections.abc import Iterable

from gxarena.hookspecs import Component, hookimpl

_GRADIENT = frozenset({"differentiable"})
_MASKS = frozenset({"maskable"})
_RESCALE = frozenset({"differentiable", "modular"})


@hookimpl
def gxarena_explainers() -> Iterable[Component]:
    yield _component(
        "saliency",
        "saliency:Saliency",
        "size of the gradient at each position",
        "Simonyan et al. 2014, ICLR Workshop, arXiv:1312.6034",
        _GRADIENT,
    )
    yield _component(
        "input_x_gradient",
        "input_x_gradient:InputXGradient",
        "embedding times gradient",
        "Shrikumar et al. 2016, arXiv:1605.01713",
        _GRADIENT,
    )
    yield _component(
        "integrated_gradients",
        "integrated_gradients:IntegratedGradients",
        "gradient averaged on the way from a reference",
        "Sundararajan et al. 2017, ICML, arXiv:1703.01365",
        _GRADIENT,
    )
    yield _component(
        "smoothgrad",
        "smoothgrad:SmoothGrad",
        "gradient averaged over noisy inputs",
        "Smilkov et al. 2017, arXiv:1706.03825",
        _GRADIENT,
    )
    yield _component(
        "gradient_shap",
        "gradient_shap:GradientSHAP",
        "expected gradients between the input and shuffled references",
        "Lundberg and Lee 2017, NeurIPS, arXiv:1705.07874; Erion et al. 2021, arXiv:1906.10670",
        _GRADIENT,
    )
    yield _component(
        "deeplift",
        "deeplift:DeepLIFT",
        "differences from a reference by the rescale rule",
        "Shrikumar et al. 2017, ICML, arXiv:1704.02685",
        _RESCALE,
    )
    yield _component(
        "deeplift_shap",
        "deeplift:DeepLIFTSHAP",
        "mean of DeepLIFT over dinucleotide shuffles",
        "Lundberg and Lee 2017, NeurIPS, arXiv:1705.07874; Shrikumar et al. 2017, arXiv:1704.02685",
        _RESCALE,
    )
    yield _component(
        "feature_ablation",
        "feature_ablation:FeatureAblation",
        "drop when one unit, or window, is away",
        "Zeiler and Fergus 2014, ECCV, arXiv:1311.2901",
        _MASKS,
    )
    yield _component(
        "occlusion-captum",
        "occlusion:Occlusion",
        "captum's occlusion: mean drop over the sliding windows that cover a unit",
        "Zeiler and Fergus 2014, ECCV, arXiv:1311.2901",
        _MASKS,
    )
    yield _component(
        "shapley_sampling",
        "shapley_sampling:ShapleySampling",
        "Shapley values by random orders of units or windows",
        "Castro et al. 2009, Computers and Operations Research 36:1726",
        _MASKS,
    )
    yield _component(
        "lime",
        "lime:LIME",
        "sparse linear model of which units or windows are there",
        "Ribeiro et al. 2016, KDD, arXiv:1602.04938",
        _MASKS,
    )
    yield _component(
        "kernel_shap",
        "kernel_shap:KernelSHAP",
        "Shapley values by weighted regression on which units or windows are there",
        "Lundberg and Lee 2017, NeurIPS, arXiv:1705.07874",
        _MASKS,
    )


def _component(
    name: str, target: str, summary: str, citation: str, requires: frozenset[str]
) -> Component:
    return Component(
        name=name,
        target=f"gxarena_captum.{target}",
        summary=summary,
        citation=f"{citation}; captum, Kokhlikyan et al. 2020, arXiv:2009.07896",
        extra="captum",
        requires=requires,
    )
