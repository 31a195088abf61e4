"""Boards as people read them: tables, files, notebooks, charts."""
