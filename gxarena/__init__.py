"""gxarena: the arena in which explainers of genome models compete."""

__version__ = "0.1.0"
