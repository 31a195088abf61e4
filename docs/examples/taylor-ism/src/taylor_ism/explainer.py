"""In-silico mutagenesis to first order: one gradient instead of every substitution."""

from __future__ import annotations

import torch
from gxarena import Attribution, Batch, objective
from gxarena.api import DifferentiableModel


class TaylorIsm:
    """What every substitution would change, read off the gradient at the sequence.

    Sasse, Chikina and Mostafavi 2024, iScience 27:110807. To first order letter c in the place of
    letter a changes the explained value by g_c - g_a, g being its gradient with respect to the
    one-hot sequence. As in gxarena's `ism`, a nucleotide's score is the value less its mean over
    the four letters, which comes to g_a - mean(g), and at an N, where no letter is, to -mean(g);
    the hypothetical contribution of letter c is g_c - mean(g).

    That is the corrected gradient of Majdandzic, Rajesh and Koo 2023, Genome Biology 24:109: what
    all four letters share says how the value changes where no DNA can be, and is taken away.
    """

    def explain(self, model: DifferentiableModel, batch: Batch) -> list[Attribution]:
        """One attribution a sequence, on nucleotides, with hypothetical contributions (L, 4)."""
        encoded = model.encode(batch.sequences)
        embedded = model.embed(encoded).detach().requires_grad_()  # one-hot, (B, T, 4)
        outputs = model.forward_embedded(embedded, encoded)
        raw = outputs.detach().double().cpu().numpy()
        upstream = objective.gradient(batch.objective, raw, batch.targets)
        (gradient,) = torch.autograd.grad(outputs, embedded, torch.from_numpy(upstream).to(outputs))
        one_hot, slopes = (
            tensor.detach().double().cpu().numpy() for tensor in (embedded, gradient)
        )
        hypothetical = slopes - slopes.mean(axis=-1, keepdims=True)
        scores = (one_hot * slopes).sum(axis=-1) - slopes.mean(axis=-1)
        return [
            Attribution(row[layout.units], layout.spans, hypothetical=letters[layout.units])
            for row, letters, layout in zip(
                scores, hypothetical, model.layouts(batch.sequences), strict=True
            )
        ]
