"""`python -m tdxwhy.build` makes every table that start-up loads, and the schemas and the page that are written from code.

A checkout makes a table anew by itself when it is first asked for, so that this only tells early what is wrong with an edit.
`python -m tdxwhy.build DIR PICTURES` writes the tables into a folder, and the model's pictures into another where Graphviz is installed, as
the build of a wheel does.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tdxwhy import compiled
from tdxwhy.errors import main_in_one_line


def pieces() -> tuple[compiled.Piece, ...]:
    """Return all pieces, in the order in which they are made."""
    from tdxwhy.check.catalogue import EXAMPLES, RULES
    from tdxwhy.check.scope import SCOPE
    from tdxwhy.cli.words import ARGUMENTS
    from tdxwhy.incident.anchors import SPOKEN
    from tdxwhy.incident.tables import INCIDENT
    from tdxwhy.know.names import NAMES
    from tdxwhy.know.stored import ANCHORS, CODES, KNOWLEDGE
    from tdxwhy.ready.tables import READY
    from tdxwhy.replay.concern import EFFECTS
    from tdxwhy.replay.data import MODEL
    from tdxwhy.review.features import LEARNT
    from tdxwhy.review.phrases import PHRASES
    from tdxwhy.source.calls import CALLS

    rules = (RULES, EXAMPLES, SCOPE)
    return KNOWLEDGE, CODES, ANCHORS, NAMES, CALLS, MODEL, EFFECTS, *rules, PHRASES, LEARNT, INCIDENT, SPOKEN, READY, ARGUMENTS


def write(folder: Path) -> None:
    """Write every piece into a folder, in the form in which an installed package loads it."""
    folder.mkdir(parents=True, exist_ok=True)
    for piece in pieces():
        (folder / piece.name).write_bytes(compiled.made(piece))


def draw(folder: Path) -> None:
    """Write the picture of every generation; without Graphviz a package has none, and says so when one is asked for."""
    from tdxwhy.errors import TdxwhyError
    from tdxwhy.replay.data import generations
    from tdxwhy.report.model_picture import dot, laid_out

    folder.mkdir(parents=True, exist_ok=True)
    for name, one in generations().items():
        try:
            (folder / f"{name}.svg").write_text(laid_out(dot(one)), encoding="utf-8")
        except TdxwhyError as error:
            sys.stderr.write(f"tdxwhy: {error.message}\n")
            return


def main() -> None:
    """Make the tables, in the cache or in the folder that is given, and in a checkout what is written from code."""
    if sys.argv[1:]:
        write(Path(sys.argv[1]))
        for folder in sys.argv[2:3]:
            draw(Path(folder))
        return
    made = {piece.name: len(compiled.made(piece)) for piece in pieces()}
    from tdxwhy.check import schemas

    schemas.main()
    sys.stdout.write(", ".join(f"{name} {size}" for name, size in made.items()) + " bytes\n")


if __name__ == "__main__":
    main_in_one_line(main)
