"""The site: boards, runs and bundles as static pages that open from ``file://``, offline.

    content    what is read: boards, and the cells and samples behind them
    catalogue  what components are; notes: what metrics are, and which to trust
    questions  the start page; rows, dossiers, ledger, charts, explorer: the other pages' contents
    rendering  Jinja templates and scripts of data, with everything escaped
    writing    all of it into one folder

A page asks for nothing but files of this folder. Charts, tables and downloads come from the same
rows of the same board, so that they cannot disagree.
"""
