"""What a sentence of an answer looks like: where it stands, how long it is, and its words by closed classes.

A learnt label (`learnt.py`) adds up what these are worth. What a sentence is about, its nouns and verbs, is no feature: that would be
learning other people's mails by heart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise

from tdxwhy import compiled
from tdxwhy.noun import NamedTuple
from tdxwhy.shipped import folder
from tdxwhy.toml import read

_WORDS = re.compile(r"[\w'./()>*&%#@=+-]+|[?!:;,]+")
_DID = re.compile(r"[a-z-]{2,40}(?:ed|lt|pt|ne|wn)")
_DOING = re.compile(r"[a-z-]{3,40}ing")
_CODE = re.compile(r"[a-z]\(|_|->|::|^-e[a-z]+$|[=%<>]")
_VERSION = re.compile(r"v\d+|-rc\d+|\d+/\d+")
_BREAKS = frozenset([",", ";", ":", "-", "--", "!", "and", "but"])
# Plain words that only an opening of assent may hold: "good catch", "fair enough", "got it".
_PRAISED = frozenset(["good", "nice", "great", "fair", "makes", "make", "thank", "got"])
_PRAISE = frozenset(["point", "catch", "sense", "you", "enough", "it"])
_OPENINGS = frozenset(["affirm", "assent", "thanks"])
_REFUSES = frozenset(["no", "nope", "not", "nothing", "none", "nobody"])
_EARLY = 5
_LENGTHS = (0, 2, 5, 10, 18)
_LONG = 5
_SHOWN = 3
_KEPT = 1 << 14


class Standing(NamedTuple):
    """Where a sentence of an answer stands: under a remark of some kind, as number `at` of `many` (0-based), behind the words `before`."""

    under: str
    at: int
    many: int
    before: str


def features(text: str, standing: Standing) -> frozenset[str]:
    """Return the features of a sentence, by name."""
    words = _tokens(text)
    lead, rest = _opening(words)
    found = set(lead) | {f"under {standing.under}", _length(len(rest)), f"place {min(standing.at, 2)}"}
    if not rest:
        if lead in ([], ["opens thanks"]):
            return frozenset(["only thanks"])
        found |= {f"only {one} under {standing.under}" for one in lead}
    told = {
        "asks": text.rstrip().endswith("?"),
        "last": standing.at == standing.many - 1,
        "alone": standing.many == 1,
        "long piece": standing.many >= _LONG,
        "after assent": bool(standing.before) and not _opening(_tokens(standing.before))[1],
    }
    found.update(name for name, holds in told.items() if holds)
    found.update(_of_words(rest))
    for clause in _clauses(rest):
        found.update(_of_clause(clause))
    return frozenset(found)


def _tokens(text: str) -> list[str]:
    """Return the words and marks of a sentence in lower case, without its full stops and brackets."""
    found = []
    for token in _WORDS.findall(text.lower().replace("’", "'")):
        core = token.rstrip(".")
        word = core if _CODE.search(core) else core.strip("()*")
        if word:
            found.append(word)
    return found


def _opening(words: Sequence[str]) -> tuple[list[str], Sequence[str]]:
    """Return how a sentence opens (assent, thanks, a short no), and what is left of it."""
    found: dict[str, None] = {}
    for at, word in enumerate(words):
        kinds = word_kinds(word)
        after = words[at + 1] if at + 1 < len(words) else ""
        if told := _OPENINGS.intersection(kinds):
            found[f"opens {min(told)}"] = None
        elif word in _REFUSES and after[:1] in (",", ";", "-") and after:
            found["opens no"] = None
        elif word[0] not in ",!;:" and not (at and word in _PRAISE and words[at - 1] in _PRAISED):
            return list(found), words[at:]
    return list(found), ()


def _length(count: int) -> str:
    return f"length {sum(count > most for most in _LENGTHS)}"


def _of_words(words: Sequence[str]) -> Iterator[str]:
    """Yield what the first words are, how the first two go together, and what stands anywhere."""
    for at, word in enumerate(words):
        for kind in word_kinds(word):
            if at < _SHOWN:
                yield f"word {at} {kind}"
            if kind not in ("word", "mark", "article", "place"):
                yield f"has {kind}"
    for first, second in pairwise(words[:2]):
        yield from (f"begins {one} {other}" for one in word_kinds(first) for other in word_kinds(second))


def _clauses(words: Sequence[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for word in words:
        if word in _BREAKS:
            found.append([])
        else:
            found[-1].append(word)
    return [clause for clause in found if clause]


def _of_clause(clause: Sequence[str]) -> Iterator[str]:
    """Yield how a clause begins: with a participle, with a future that has no subject, or with the speaker and what they do."""
    start = next((at for at, word in enumerate(clause) if not {"all", "soon"} & set(word_kinds(word))), 0)
    first = word_kinds(clause[start])
    if "did" in first:
        yield "did"
        if any(word in ("to", "by", "because", "since", "for", "so") for word in clause[start + 1 : start + 4]):
            yield "did to some end"
        if len(clause) == start + 1:
            yield "did alone"
    if "speaker" in first:
        yield "speaker"
        yield from (
            f"speaker {kind}"
            for word in clause[start : start + _EARLY]
            for kind in word_kinds(word)
            if kind not in ("speaker", "word", "mark")
        )
    elif "future" in first:
        yield "future without subject"


@lru_cache(maxsize=_KEPT)
def word_kinds(word: str) -> tuple[str, ...]:
    """Return the classes of a word or mark; ("word",) for the many that are in none."""
    lists = _classes()
    found = [name for name, words in lists.items() if word in words]
    shapes = {
        "version": _VERSION.fullmatch(word) is not None,
        "did": word in lists["done"] or (_DID.fullmatch(word) is not None and word not in lists["not-done"]),
        "doing": _DOING.fullmatch(word) is not None and word not in lists["not-doing"],
        "code": _CODE.search(word) is not None,
        "number": word[0] in "0123456789",
        "mark": word[0] in ",;:!?",
        "asks": word[0] == "?",
    }
    found += [name for name, holds in shapes.items() if holds and name not in found]
    return tuple(found) or ("word",)


@cache
def _classes() -> dict[str, frozenset[str]]:
    return {name: frozenset(words) for name, words in compiled.table(LEARNT, "classes").items()}


def _tables() -> dict[str, object]:
    where = folder("rules/learnt")
    return read(where / "classes.toml") | {"promise": read(where / "promise.toml")}


LEARNT = compiled.Piece("learnt", lambda: compiled.files(("learnt",), bool, ("toml.py", "review/features.py")), _tables)
