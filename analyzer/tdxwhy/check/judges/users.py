"""What a patch changes for users: the failing cases of a tree before and after it, where a tree is given."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tdxwhy.check.judged import CaseChangeSeen
from tdxwhy.errors import TdxwhyError

if TYPE_CHECKING:
    from tdxwhy.explain.preview import PreviewPair, PreviewRow
    from tdxwhy.source.diff import FilePatch
    from tdxwhy.source.run.program import Program

_MOST = 200


def seen_by_users(series: Sequence[tuple[FilePatch, ...]], tree: str) -> tuple[tuple[CaseChangeSeen, ...], tuple[str, ...]]:
    """Return the failing cases that patches change, applied in order, and what did not apply; nothing where no file of bring-up changes."""
    from tdxwhy.explain.patched import applied
    from tdxwhy.explain.preview import pairs_of, rows_of

    touched = [patch for patches in series for patch in patches if patch.path.endswith((".c", ".h"))]
    if not any(patch.path in _files(tree) or patch.old == "/dev/null" for patch in touched):
        return (), tuple(f"{patch.path}: not in the tree" for patch in touched[:_MOST] if not (Path(tree) / patch.path).is_file())
    try:
        patched = applied(tree, list(series), "")
    except TdxwhyError:
        return (), ()
    after = patched.after
    changed = {path for path in {*patched.before, *(after or {})} if after is not None and patched.before.get(path) != after.get(path)}
    if after is None or not changed:
        return (), patched.troubles
    extra = tuple(sorted(path for path in patched.before if path not in _files(tree)))
    before = _rows_before(tree, extra)
    pairs = pairs_of(before, rows_of(_program(after, tree)))
    found = [_seen(pair) for pair in pairs if pair.change not in ("", "same")]
    return tuple(found[:_MOST]), patched.troubles


@lru_cache(maxsize=4)
def _files(tree: str) -> frozenset[str]:
    from tdxwhy.source.tree import tree_files

    return frozenset(path for path, _ in tree_files(tree))


@lru_cache(maxsize=16)
def _rows_before(tree: str, extra: tuple[str, ...]) -> tuple[PreviewRow, ...]:
    from tdxwhy.explain.preview import rows_of
    from tdxwhy.source.tree import read_tree

    return rows_of(_program(read_tree(tree, extra), tree))


def _program(texts: dict[str, str], tree: str) -> Program:
    from tdxwhy.source.tree import program_of_tree

    return program_of_tree(texts, tree)


def _seen(pair: PreviewPair) -> CaseChangeSeen:
    return CaseChangeSeen(pair.row.step, pair.row.reason, pair.change, pair.row.entry, *_side(pair.before), *_side(pair.after))


def _side(row: PreviewRow | None) -> tuple[tuple[str, ...] | None, str | None]:
    """Return the lines of a case and its errno; None where there is no such case."""
    return (None, None) if row is None else (tuple(line.text for line in row.lines), row.errno or None)
