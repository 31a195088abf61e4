"""All claims there are, in the paper's order."""

from __future__ import annotations

from gxarena.report.claims import faithfulness, motifs, similarity, sparsity, special_tokens

CLAIMS = (
    *special_tokens.CLAIMS,
    *similarity.CLAIMS,
    *sparsity.CLAIMS,
    *faithfulness.CLAIMS,
    *motifs.CLAIMS,
)
