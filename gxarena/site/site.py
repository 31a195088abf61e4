"""A site: boards with what is known of them, before any page is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gxarena.registry import Registry
from gxarena.results.boards import Board
from gxarena.site.catalogue import Catalogue
from gxarena.site.content import Content
from gxarena.site.dossiers import Dossier, dossiers_of
from gxarena.site.explorer import Explored, explore
from gxarena.site.numbers import listed
from gxarena.site.questions import Section, sections_of


@dataclass(frozen=True, eq=False)
class Site:
    """What pages are made of.

    Attributes
    ----------
    content : Content
    catalogue : Catalogue
    sections : tuple of Section
        Of all boards; by question, those that compare most first.
    dossiers : tuple of Dossier
        Of all boards.
    explored : tuple of Explored
        Sequences that can be looked at.
    unexplored : tuple of str
        Why others cannot.
    """

    content: Content
    catalogue: Catalogue
    sections: tuple[Section, ...]
    dossiers: tuple[Dossier, ...]
    explored: tuple[Explored, ...]
    unexplored: tuple[str, ...]

    @classmethod
    def of(cls, content: Content, registry: Registry) -> Site:
        """Everything that the pages of some boards show."""
        numbered = list(enumerate(content.boards, 1))
        looked = [explore(source, registry) for source in content.sources.values()]
        return cls(
            content,
            Catalogue(content, registry),
            tuple(
                sorted(
                    (one for number, board in numbered for one in sections_of(board, number)),
                    key=lambda one: one.order,
                )
            ),
            tuple(one for number, board in numbered for one in dossiers_of(content, board, number)),
            tuple(one for found, _ in looked for one in found),
            (*(sentence for _, reasons in looked for sentence in reasons), *_without_maps(content)),
        )

    def explored_in(self, dossier: Dossier) -> Explored | None:
        """The sequences that the page of sequences shows of a dossier's run."""
        own = {(source.name, c["dataset"]) for source, of in dossier.parts.items() for c in of}
        return next((e for e in self.explored if (e.source, e.dataset) in own), None)

    @property
    def boards(self) -> tuple[Board, ...]:
        """In the order of their numbers."""
        return self.content.boards

    def board_name(self, number: int) -> str:
        """What a board is called: what it is of."""
        return listed(self.boards[number - 1].names)

    def listed_boards(self) -> list[dict[str, Any]]:
        """What pages say of each board where they list them."""
        return [
            {"name": self.board_name(number), "rows": len(board.shown), "runs": board.runs}
            for number, board in enumerate(self.boards, 1)
        ]

    def labels(self, kind: str) -> list[str]:
        """Labels of explainers or models that any board has."""
        return sorted({label for b in self.boards for label in b.shown[kind].unique().to_pylist()})


def _without_maps(content: Content) -> list[str]:
    """Which boards are estimates and ranks alone, in one sentence."""
    written = [listed(board.names) for board in content.boards if board.written]
    if not written:
        return []
    return [
        f"{listed(written, len(written))}: a written board holds no explanations; the run that it "
        "is of, or its bundle, has them."
    ]
