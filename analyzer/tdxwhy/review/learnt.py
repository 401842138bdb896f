"""Labels that were learnt: the sum of what a sentence's features are worth, against a threshold.

`rules/learnt/promise.toml` holds the weights and how right they were on passages that they were not learnt from; `benchmarks/learn.py`
writes it. They only say how words were meant that structure has found: no passage is lost by a wrong weight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from tdxwhy import compiled
from tdxwhy.noun import NamedTuple
from tdxwhy.review.features import LEARNT, Standing, features

# How much of the logarithm of their number is taken off the best of several sentences.
_OF_MANY = 0.7


class Label(NamedTuple):
    """A learnt label: the odds from the start and what each feature adds to them, as logarithms, and the odds from which it is given."""

    threshold: float
    start: float
    weights: dict[str, float]

    def odds(self, text: str, standing: Standing) -> float:
        """Return the logarithm of the odds that a sentence deserves the label: 0 where it is as likely as not."""
        worth = self.weights.get
        return self.start + sum([worth(name, 0.0) for name in features(text, standing)])


@cache
def promise() -> Label:
    """Return the label of sentences with which an author says that something will be done, or is done."""
    held = compiled.table(LEARNT, "promise")
    return Label(held["threshold"], held["start"], held["weights"])


def promising(spoken: Sequence[str], under: str, label: Label | None = None) -> tuple[int, float]:
    """Return which sentence of an author's answer to a remark promises most, and its odds as a logarithm. `under` is the remark's kind.

    The best of many sentences is so by chance more often, which is taken off.
    """
    told = label or promise()
    odds = [told.odds(text, Standing(under, at, len(spoken), spoken[at - 1] if at else "")) for at, text in enumerate(spoken)]
    best = max(range(len(odds)), key=odds.__getitem__)
    return best, odds[best] - _OF_MANY * math.log(len(odds))
