"""Token <-> nucleotide: the paper's four strategies (Kurth et al. 2026, section 3, a to d).

Each is linear in the scores and works between any nested partitions; projecting onto the spans
an attribution is on already changes nothing. Scores of special tokens and diagnostics stay as
they are; hypothetical contributions do not outlive a change of units.
"""
