"""No strategy: scores on the units that the explainer speaks of."""

from __future__ import annotations

from gxarena.data import Attribution, Spans
from gxarena.errors import Unsupported


class Native:
    """As the explainer gave them; onto other spans it does not project."""

    conservative = True

    def project(self, attribution: Attribution, onto: Spans) -> Attribution:
        if attribution.spans != onto:
            raise Unsupported(
                f"aggregator 'native': expected the attribution's own {len(attribution.spans)} "
                f"units, got {len(onto)} others. Use sum, mean, passed_on or equally_distributed."
            )
        return attribution
