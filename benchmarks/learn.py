"""Learn the labels of rules/learnt/ from the passages in samples/answers/: python benchmarks/learn.py [--write].

A logistic regression over the features of `tdxwhy.review.features`, by steps of falling size, with the squares of the weights held down. It
prints, of the threads in composed.toml, how many promises are found in each by weights that were learnt without that thread.
"""

from __future__ import annotations

import argparse
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tdxwhy.review.features import Standing, features
from tdxwhy.review.learnt import Label, promising
from tdxwhy.review.nouns import MailLine
from tdxwhy.review.sentences import sentences
from tdxwhy.toml import read

ROOT = Path(__file__).resolve().parent.parent
PASSAGES = ROOT / "samples" / "answers"
WEIGHTS = ROOT / "rules" / "learnt" / "promise.toml"
THRESHOLD = -1.0
_STEPS = 300
_RATE = 0.5
_HELD = 0.003
_RARE = 3
_SMALL = 0.05
_MARKED = re.compile(r"\{([^{}]*)\}|([^{}]+)")


class Passage(NamedTuple):
    """An answer: the thread that it is of ("" if it is of none), what it stands under, its sentences and which of them promise."""

    thread: str
    under: str
    spoken: tuple[str, ...]
    promise: tuple[bool, ...]

    def rows(self) -> Iterator[tuple[frozenset[str], bool]]:
        """Yield the features of each sentence and whether it promises."""
        for at, (text, label) in enumerate(zip(self.spoken, self.promise, strict=True)):
            yield features(text, Standing(self.under, at, len(self.spoken), self.spoken[at - 1] if at else "")), label


def passages() -> list[Passage]:
    """Return the passages in samples/answers/, in their order."""
    found = []
    for path in sorted(PASSAGES.glob("*.toml")):
        for table in read(path)["passages"]:
            found += [_passage(table.get("thread", ""), table["under"], text) for text in table["says"]]
    return found


def _passage(thread: str, under: str, text: str) -> Passage:
    told = [
        (sentence.text, bool(part[1]))
        for part in _MARKED.finditer(text)
        for sentence in sentences([MailLine(1, 0, (part[1] or part[2]).strip())])
    ]
    return Passage(thread, under, tuple(one for one, _ in told), tuple(label for _, label in told))


def learn(known: Sequence[Passage]) -> Label:
    """Return the weights that fit the passages; features that few of them have are left out."""
    rows = [row for passage in known for row in passage.rows()]
    seen = Counter(name for found, _ in rows for name in found)
    names = sorted(name for name, count in seen.items() if count >= _RARE)
    place = {name: number for number, name in enumerate(names)}
    held = [(sorted(place[name] for name in found if name in place), float(label)) for found, label in rows]
    weights, start = [0.0] * len(names), 0.0
    moved, moved_start = [1e-8] * len(names), 1e-8
    for _ in range(_STEPS):
        slopes, slope = [_HELD * weight for weight in weights], 0.0
        for found, label in held:
            wrong = (1 / (1 + math.exp(-start - sum(weights[at] for at in found))) - label) / len(held)
            slope += wrong
            for at in found:
                slopes[at] += wrong
        for at, each in enumerate(slopes):
            moved[at] += each * each
            weights[at] -= _RATE * each / math.sqrt(moved[at])
        moved_start += slope * slope
        start -= _RATE * slope / math.sqrt(moved_start)
    worth = {name: round(weight, 2) for name, weight in zip(names, weights, strict=True) if abs(weight) >= _SMALL}
    return Label(THRESHOLD, round(start, 2), worth)


def promises(label: Label, passage: Passage) -> bool:
    """Tell whether an answer promises by the weights."""
    return promising(passage.spoken, passage.under, label)[1] > label.threshold


def left_out(known: Sequence[Passage]) -> tuple[int, int, int]:
    """Return of the threads, each by weights learnt without it: promises found, answers that promise, answers taken for promises."""
    found = real = taken = 0
    for thread in sorted({one.thread for one in known if one.thread}):
        label = learn([one for one in known if one.thread != thread])
        for one in (one for one in known if one.thread == thread):
            says, is_one = promises(label, one), any(one.promise)
            found, real, taken = found + (says and is_one), real + is_one, taken + says
    return found, real, taken


def written(label: Label, figures: tuple[int, int, int]) -> str:
    """Return the weights as a file of rules/."""
    found, real, taken = figures
    worth = [f'"{name}" = {weight}' for name, weight in sorted(label.weights.items())]
    head = (
        "# Which sentence of an author's answer promises: what each feature of it is worth. Written by benchmarks/learn.py --write.\n"
        f"# Of threads left out in turn it finds {found} of {real} answers that promise, and takes {taken} for such.\n"
    )
    return f"{head}threshold = {label.threshold}\nstart = {label.start}\n\n[weights]\n" + "\n".join(worth) + "\n"


def main() -> None:
    """Learn, print the figures, and write the weights where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write rules/learnt/promise.toml")
    args = parser.parse_args()
    known = passages()
    figures = left_out(known)
    label = learn(known)
    print(f"{len(known)} passages, {len(label.weights)} weights; left out: found {figures[0]} of {figures[1]}, taken {figures[2]}")
    if args.write:
        WEIGHTS.write_text(written(label, figures), encoding="utf-8")


if __name__ == "__main__":
    main()
