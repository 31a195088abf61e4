"""What the change of tokens alone does: faithfulness' control for models that tokenise anew.

Edited nucleotides change the tokens around them too, so that a drop is of two things: letters that
are gone, and letters that are still there but are read in other tokens. This is the second alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from gxarena.api import PiecewiseProbe, Probe, Quantity
from gxarena.data import Bools, Explained, Floats, Spans
from gxarena.errors import Unsupported
from gxarena.metrics.faithfulness import Faithfulness
from gxarena.metrics.fills import edited, holds_tokens, nucleotide_masks


class Retokenised(Faithfulness):
    """The drops of `Faithfulness` where every letter stays and only the tokens around edits change.

    For each copy that `Faithfulness` with the same parameters asks about, the original letters are
    cut wherever a token of the edited copy begins or ends, but not inside of a stretch of edited
    nucleotides, and each piece is tokenised by itself. So what no edit touches is read in the very
    tokens of the edited copy, and what was edited is read with its own letters, whole.
    `mif_drop_logit@5` is then the drop of the unedited sequence's logit through these cuts, and
    stands beside that of `Faithfulness`; the difference of the two is what the letters did.

    Where the cuts lie between the sequence's own tokens, nothing changes: the drop is 0 and no
    model is asked. So it is always for a model of nucleotides, or of k-mers that no edit moves, and
    with ``fill = "unknown"`` on a model's own units, where tokens are held fixed. Nobody ranks by
    it.

    Parameters
    ----------
    as `gxarena.metrics.faithfulness.Faithfulness`
    """

    def _answers(
        self, explained: Explained, chosen: list[int], masks: Bools, probe: Probe
    ) -> Floats:
        copies = masks.shape[1]
        answers = np.repeat(explained.outputs[chosen].astype(np.float64), copies, axis=0)
        if not holds_tokens(self._fill, explained):
            if not isinstance(probe, PiecewiseProbe):
                raise Unsupported(
                    "retokenised: expected a probe that tells units and takes pieces, "
                    f"got {type(probe).__name__}."
                )
            sequences = [explained.samples[i].sequence for i in chosen for _ in range(copies)]
            found = probe.spans(edited(self._fill, explained, chosen, masks))
            inside = nucleotide_masks(masks, [explained.attributions[i].spans for i in chosen])
            pieces = list(map(_around, found, inside.reshape(len(found), -1)))
            own = probe.spans(sequences)
            moved = [i for i, cut in enumerate(pieces) if not own[i].refines(cut)]
            if moved:
                answers[moved] = probe.predict_pieces(
                    [sequences[i] for i in moved], [pieces[i] for i in moved]
                )
        return answers.reshape(len(chosen), copies, -1)

    def _named(self) -> Mapping[str, Quantity]:
        return {
            key: replace(one, better="none", summary=f"tokens alone: {one.summary}")
            for key, one in super()._named().items()
        }


def _around(copy: Spans, inside: Bools) -> Spans:
    """The tokens of an edited copy, those with a boundary inside of an edit as one piece.

    Parameters
    ----------
    copy : Spans
    inside : bool array, shape (at least L,)
        Nucleotides that were edited.
    """
    between = copy.boundaries[1:-1]
    within = inside[between - 1] & inside[between]
    return Spans(np.delete(copy.boundaries, 1 + np.flatnonzero(within)))
