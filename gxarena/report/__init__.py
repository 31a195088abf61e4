"""From a run's tables to the paper's: claims with verdicts, Table 1, the figures, one page."""
