"""Choose the anchors: stems of the field's words first, then a greedy set cover over the constant text of what they leave out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

# The stems find what vendors word in their own way. Each has at least four bytes: shorter ones halve the scanner's speed.
STEMS = (" TDX", "TDX ", "tdx:", "tdx_", "SEAM", "seam", "PAMT", "KeyID")
LIMIT = 64
_SHORTEST, _LONGEST = 4, 12
# Text that ordinary lines are full of makes a bad anchor, however many forms it would cover.
_COMMON = re.compile(r"^[a-z -]{1,9}$|^.?(?:ACPI|CPUs?|[Ff]ailed|[Ee]rror|disabled|enabled|address|x86|: )[\w: ]{0,4}$|0x|[ (\[]$")


def cover(constants: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the stems and as few further literals as it takes for each format's constant texts to hold one."""
    chosen = list(STEMS)
    left = sorted({texts for texts in constants if not any(stem in text for stem in STEMS for text in texts)})
    left = [texts for texts in left if max(map(len, texts), default=0) >= _SHORTEST]
    while left:
        counts: Counter[str] = Counter()
        for texts in left:
            counts.update({part for text in texts for part in _parts(text)})
        best = max(counts, key=lambda part: (_worth(part, counts[part]), part))
        chosen.append(best)
        left = [texts for texts in left if not any(best in text for text in texts)]
    if len(chosen) > LIMIT:
        raise ValueError(f"{len(chosen)} anchors, and the scanner is fast with {LIMIT} at most")
    return tuple(chosen)


def _parts(text: str) -> Iterable[str]:
    """Yield the pieces of a text that begin a word: JSON would hide one with a quote, a backslash or anything but plain ASCII."""
    for word in re.finditer(r"(?<![A-Za-z0-9])[A-Za-z0-9.\[]", text):
        for length in range(_SHORTEST, _LONGEST + 1):
            part = text[word.start() : word.start() + length]
            if len(part) == length and re.fullmatch(r"[ !#-\[\]-~]+", part):
                yield part


def _worth(part: str, covered: int) -> float:
    """Weigh what a literal covers against how often ordinary lines will hold it."""
    return covered * (0.05 if _COMMON.search(part) else 1.0) * (1 + len(part) / 100)
