"""Apply a patch to a text, hunk by hunk; a hunk that does not fit is said and left out, the rest is applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tdxwhy.noun import NamedTuple
from tdxwhy.ranges import counted
from tdxwhy.source.diff import FilePatch, Hunk

_FARTHEST = 2000
_MOST_TROUBLES = 20


class Applied(NamedTuple):
    """Texts after a patch, and one line for each hunk or file that did not fit."""

    texts: dict[str, str]
    troubles: tuple[str, ...]


def apply_patches(texts: Mapping[str, str], patches: Sequence[FilePatch]) -> Applied:
    """Apply file patches to texts by path. A file that is not there is taken as new only where the patch says so."""
    after = dict(texts)
    troubles: list[str] = []
    for patch in patches:
        path = patch.path
        if patch.new == "/dev/null":
            after.pop(path, None)
        elif patch.old == "/dev/null" or _creates(patch):
            after[path] = "\n".join(line.text for hunk in patch.hunks for line in hunk.after()) + "\n"
        elif path not in after:
            troubles.append(f"{path}: not in the tree, {counted(len(patch.hunks), 'hunk')} left out")
        else:
            after[path], wrong = apply_hunks(after[path], patch.hunks)
            troubles.extend(f"{path}: {each}" for each in wrong)
    left = len(troubles) - _MOST_TROUBLES
    return Applied(after, (*troubles[:_MOST_TROUBLES], *((f"and {counted(left, 'trouble')} more",) if left > 0 else ())))


def _creates(patch: FilePatch) -> bool:
    return len(patch.hunks) == 1 and patch.hunks[0].old_start == 0


def apply_hunks(text: str, hunks: Sequence[Hunk]) -> tuple[str, tuple[str, ...]]:
    """Apply the hunks of one file; return the text and what did not fit."""
    lines = text.split("\n")
    troubles: list[str] = []
    shift = 0
    for number, hunk in enumerate(hunks, 1):
        before = [line.text for line in hunk.before()]
        found = _find(lines, before, max(0, hunk.old_start - 1 + shift))
        if found is None:
            troubles.append(f"hunk {number} (line {hunk.old_start}) does not apply")
            continue
        after = [line.text for line in hunk.after()]
        lines[found : found + len(before)] = after
        shift = found - (hunk.old_start - 1) + len(after) - len(before)
        if hunk.trouble:
            troubles.append(f"hunk {number} (line {hunk.old_start}) {hunk.trouble}, applied as far as it goes")
    return "\n".join(lines), tuple(troubles)


def _find(lines: Sequence[str], wanted: Sequence[str], near: int) -> int | None:
    """Find where lines stand, nearest to where they should; blanks may differ, as mailers change them."""
    if not wanted:
        return min(near, len(lines))
    first = max(0, near - _FARTHEST)
    window = lines[first : near + _FARTHEST + len(wanted)]
    for squeeze in (str.rstrip, _squeezed):
        have = [squeeze(line) for line in window]
        want = [squeeze(line) for line in wanted]
        starts = (first + index for index, line in enumerate(have) if line == want[0] and have[index : index + len(want)] == want)
        best = min(starts, key=lambda index: abs(index - near), default=None)
        if best is not None:
            return best if abs(best - near) <= _FARTHEST else None
    return None


def _squeezed(line: str) -> str:
    return " ".join(line.split())
