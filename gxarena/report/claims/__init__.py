"""The claims of the paper's text (Kurth et al. 2026), each tried on the runs at hand."""
