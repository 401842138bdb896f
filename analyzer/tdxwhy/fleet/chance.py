"""Whether a share of failures rose by more than chance."""

from __future__ import annotations

from math import exp, lgamma, log, log1p

# A share has changed if chance alone would make so many failures in fewer than one of so many comparisons.
CHANCE, _FEWEST = 1e-4, 3


def rose(before: tuple[int, int], after: tuple[int, int], chance: float = CHANCE) -> bool:
    """Tell whether a share grew by more than chance, given (failed, all) twice."""
    if after[0] < _FEWEST - (chance < CHANCE) or not before[1] or not after[1] or after[0] * before[1] <= before[0] * after[1]:
        return False
    return tail(*after, (before[0] + 1) / (before[1] + 2)) < chance


def tail(least: int, of: int, share: float) -> float:
    """Return the probability of at least so many failures among so many boots, each failing with a probability `share`."""
    term = exp(lgamma(of + 1) - lgamma(least + 1) - lgamma(of - least + 1) + least * log(share) + (of - least) * log1p(-share))
    total = term
    for number in range(least, of):
        term *= (of - number) / (number + 1) * share / (1 - share)
        total += term
        if term < total * 1e-9:
            break
    return total


def gain(one: tuple[int, int], two: tuple[int, int]) -> float:
    """Return by how much likelier two groups of (failed, all) are with a share of each than with one for both, as a logarithm."""
    both = (one[0] + two[0], one[1] + two[1])
    return _likelihood(one) + _likelihood(two) - _likelihood(both)


def _likelihood(counts: tuple[int, int]) -> float:
    failed, boots = counts
    return sum(part * log(part / boots) for part in (failed, boots - failed) if part)
