"""The phrases of `rules/thread/*.toml`, lowered to one regular expression for each phrase.

A form is a row of words, matched against a sentence in lower case with its punctuation set apart.
Accepted form: `word`, `two_words`, `begin*`, `one|other`, `{class}`, `{capture:class}`, `{any_word}`, any of them optional with `?`;
`..` up to three words, `...` up to eight, `....` up to twenty; `^` the sentence's
beginning, `$` its end; `,` and other marks stand for themselves.

The large classes, verbs that say what is done, ordered or reported, are marked in the sentence (`fix~`) instead of being listed in every
expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path

from tdxwhy import compiled, toml
from tdxwhy.errors import RulesError
from tdxwhy.hints import Any
from tdxwhy.lazy import lazy
from tdxwhy.noun import NamedTuple
from tdxwhy.shipped import folder

_KEYS = {"id", "group", "kind", "why", "form", "unless", "good", "bad"}
_NEEDED = {"id", "form", "good", "bad"}
_NAME = r"(?P<name>[a-z][\w.'-]{1,30})"
_ANY = r" [a-z][^\s~]{0,40}~?(?= )"
# Large classes. A sentence is matched with the words of one of them marked: that which the phrase names, else the first.
_MARKED = ("do", "order", "did")
_KEPT = 1 << 13
_SETS = 3
_WORDS = "words"
_GAPS = {"..": 3, "...": 8, "....": 20}


class PhraseForm(NamedTuple):
    """One form as an expression, and sets of words of each of which every sentence that it matches has one."""

    needs: Sequence[Sequence[str]]
    expression: re.Pattern[str]


class Phrase(NamedTuple):
    """One phrase: what it means (`group`, `kind`), its forms, what vetoes it, and the class whose words are marked in the sentence."""

    id: str
    group: str
    kind: str
    forms: tuple[PhraseForm, ...]
    vetoes: tuple[PhraseForm, ...]
    marked: str

    def match(self, text: str) -> re.Match[str] | None:
        """Match a sentence. Forms whose words it does not have are not looked at, so that most are never compiled."""
        found = _matched(self.forms, text, self.marked)
        return found if found and not _matched(self.vetoes, text, self.marked) else None


def _matched(forms: Sequence[PhraseForm], text: str, marked: str) -> re.Match[str] | None:
    words = _words_of(text)
    for form in forms:
        for needed in form.needs:
            if words.isdisjoint(needed):
                break
        else:
            found = form.expression.search(normalise(text, marked))
            if found:
                return found
    return None


class Phrases:
    """The phrases of one group, asked together; the last answers are kept."""

    def __init__(self, phrases: tuple[Phrase, ...]) -> None:
        """Take the phrases in the order in which they are asked."""
        self.phrases = phrases
        self.search = lru_cache(maxsize=_KEPT)(self._search)

    def _search(self, text: str) -> Phrase | None:
        """Return the first phrase that a sentence carries."""
        return next((phrase for phrase in self.phrases if phrase.match(text)), None)


_FOLD = str.maketrans({"’": "'", "‘": "'", "“": " ", "”": " ", '"': " ", "*": " ", "`": " ", "…": " ", "\u00a0": " "})
_MARKS = re.compile(r"([,;:?!()\[\]]+|\.+)(?=[\s,;:?!()\[\].]|$)|(?<=\s)([(\[]+)")
_SMILE = re.compile(r"(?<=\s)[:;]-?[()dp](?=\s|$)")
_UNDERLINE = re.compile(r"(?<![\w])_+(?=\w)|(?<=[a-z])_+(?!\w)")


@lru_cache(maxsize=1 << 16)
def normalise(text: str, marked: str = _MARKED[0]) -> str:
    """Return a sentence as forms see it: lower case, marks set apart, emphasis gone, one blank before each word and at the end."""
    words, tests = _apart(text), _marker(marked)
    return f" {' '.join(f'{word}~' if tests(word) else word for word in words)} "


@lru_cache(maxsize=1 << 14)
def _apart(text: str) -> list[str]:
    lowered = _SMILE.sub("", _UNDERLINE.sub("", text.lower().translate(_FOLD)))
    return _MARKS.sub(lambda m: f" {' '.join(dict.fromkeys(m.group()))} ", f" {lowered}").split()


@lru_cache(maxsize=1 << 14)
def _words_of(text: str) -> frozenset[str]:
    return frozenset(_apart(text))


@cache
def _marker(name: str) -> Callable[[str], bool]:
    """Return the test for the words of a class."""
    words = word_class(name)
    exact = frozenset([word for word in words if not word.endswith("*")])
    starts = tuple([word[:-1] for word in words if word.endswith("*")])
    return lru_cache(maxsize=1 << 16)(lambda word: word in exact or (bool(starts) and word.startswith(starts)))


@cache
def _words() -> dict[str, list[str]]:
    return compiled.table(PHRASES, _WORDS)  # type: ignore[no-any-return]


@cache
def word_class(name: str) -> frozenset[str]:
    """Return the words of a class."""
    return frozenset(_words()[name])


@cache
def phrases(group: str) -> Phrases:
    """Return the phrases of a group."""
    if group not in groups():
        raise RulesError(f"rules/thread: no phrase of group {group!r}")
    rows = compiled.table(PHRASES, group)
    return Phrases(tuple([read_phrase(group, row) for row in rows]))


def read_phrase(group: str, row: Sequence[Any]) -> Phrase:
    """Return a phrase of a group from what `lowered_phrase` made of it."""
    forms, vetoes = [tuple([PhraseForm(needs, lazy(expression)) for needs, expression in each]) for each in row[2:4]]
    return Phrase(row[0], group, row[1], forms, vetoes, row[4])


def groups() -> tuple[str, ...]:
    """Return the names of all groups."""
    return tuple(name for name in compiled.names(PHRASES) if name != _WORDS)


def lowered(where: Path) -> dict[str, Any]:
    """Read the files in a folder strictly; return the words, and of each group its phrases as `lowered_phrase` gives them."""
    documents = {path.stem: toml.read(path) for path in sorted(where.glob("*.toml")) if _is_phrases(path.stem)}
    for stem, table in documents.items():
        _prove(stem, table)
    words = documents.pop(_WORDS, {}).get(_WORDS, {})
    classes = {marked: class_expressions(words, marked) for marked in _MARKED}
    found: dict[str, Any] = {_WORDS: words}
    for stem, table in documents.items():
        for row in table.get("phrase", []):
            found.setdefault(row.get("group", stem), []).append(lowered_phrase(stem, row, words, classes[marked_by(row)]))
    return found


def _is_phrases(stem: str) -> bool:
    return not stem.startswith("TDX")


def _prove(stem: str, table: dict[str, Any]) -> None:
    """Refuse what nothing reads."""
    name = f"rules/thread/{stem}.toml"
    wanted = _WORDS if stem == _WORDS else "phrase"
    if unknown := set(table) - {wanted}:
        raise RulesError(f"{name}: unknown key {min(unknown)!r}")
    rows = table.get(wanted, {})
    if stem == _WORDS:
        wrong = [key for key, words in rows.items() if not _texts(words)]
    else:
        for row in rows:
            _keys(row, f"{name}: {row.get('id', 'a phrase')}")
        wrong = [row["id"] for row in rows if not all(_texts(row[key]) for key in ("form", "good", "bad"))]
    if wrong:
        raise RulesError(f"{name}: {wrong[0]}: wants lists of texts")


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def class_expressions(words: dict[str, list[str]], marked: str = _MARKED[0]) -> dict[str, str]:
    """Return the expression of each class of words; those of `marked` are found by their mark."""
    return {name: r"[^\s~]{1,40}~" if name == marked else _class(name, words) for name in words}


def marked_by(row: dict[str, Any]) -> str:
    """Return the large class that a phrase names: of several the last, of none the first."""
    forms = " ".join(str(form) for key in ("form", "unless") for form in row.get(key) or [])
    return next((name for name in reversed(_MARKED) if f"{{{name}}}" in forms), _MARKED[0])


def needed(form: str, words: dict[str, list[str]]) -> list[list[str]]:
    """Return the rarest sets of words of each of which a sentence has one that a form matches; none where that cannot be told."""
    pieces: list[Collection[str]] = [piece for each in form.split() if (piece := _first_words(each, words))]
    return [sorted(piece) for piece in sorted(pieces, key=_commonness)[:_SETS]]


def _commonness(words: Collection[str]) -> tuple[int, int]:
    return sum(len(word) < 4 for word in words), len(words)


def _first_words(piece: str, words: dict[str, list[str]]) -> set[str]:
    """Return the words with which a piece of a form can begin; none for one that may be left out or takes any word."""
    if piece in ("^", "$", "|", *_GAPS) or (len(piece) > 1 and piece.endswith("?")) or piece in ("{name}", "{any_word}"):
        return set()
    if piece.startswith("{"):
        listed = [word for name in piece[1:-1].rpartition(":")[2].split("|") for word in words.get(name, [])]
    else:
        listed = piece.split("|")
    first = {word.replace("_", " ").split()[0] for word in listed if word.replace("_", " ").split()}
    return set() if any(word.endswith("*") for word in first) else first


def _class(name: str, words: dict[str, list[str]]) -> str:
    return "|".join(_word(word) for word in sorted(words[name], key=len, reverse=True))


def _word(word: str) -> str:
    """Lower one word or a row of words; `begin*` takes any ending."""
    plain = [re.escape(part.removesuffix("*")) + (r"[^\s~]*" if part.endswith("*") else "") for part in word.replace("_", " ").split()]
    return "~? ".join(plain)


Lowered = list[tuple[list[list[str]], str]]


def lowered_phrase(
    stem: str, row: dict[str, Any], words: dict[str, list[str]], classes: dict[str, str]
) -> tuple[str, str, Lowered, Lowered, str]:
    """Return a phrase's id, kind, forms and vetoes (the words that each needs, its expression), and the class whose words are marked."""
    name = f"rules/thread/{stem}.toml: {row.get('id', 'a phrase')}"
    _keys(row, name)
    forms, vetoes = ([(needed(form, words), _lowered(form, classes, name)) for form in row.get(key) or []] for key in ("form", "unless"))
    return row["id"], row.get("kind", ""), forms, vetoes, marked_by(row)


def _keys(row: dict[str, Any], name: str) -> None:
    if unknown := set(row) - _KEYS:
        raise RulesError(f"{name}: unknown key {sorted(unknown)[0]!r}")
    if missing := _NEEDED - set(row):
        raise RulesError(f"{name}: no {sorted(missing)[0]!r}")


def _lowered(form: str, classes: dict[str, str], name: str) -> str:
    try:
        return re.compile(_form(form, classes, name)).pattern
    except re.error as error:
        raise RulesError(f"{name}: {error}") from None


def _form(form: str, classes: dict[str, str], name: str) -> str:
    """Lower a form; every piece brings the blank before it, and the last one looks for the blank behind it."""
    pieces: list[str] = []
    for piece in form.split():
        if piece == "^":
            pieces.append(r"\A(?: [(\[-])?")
        elif piece == "$":
            pieces.append(r"(?: [.!?,:;)\]]){0,3} \Z")
        elif piece in _GAPS:
            pieces.append(rf"(?: \S{{1,60}}){{0,{_GAPS[piece]}}}")
        else:
            pieces.append(_lowered_piece(piece, classes, name))
    return "".join(pieces) + ("" if form.endswith("$") else "(?= )")


def _lowered_piece(piece: str, classes: dict[str, str], name: str) -> str:
    optional = len(piece) > 1 and piece.endswith("?")
    body = piece[:-1] if optional else piece
    if body == "{name}":
        return f" {_NAME}"
    if body == "{any_word}":
        return rf"(?:{_ANY})?" if optional else _ANY
    if body.startswith("{") and body.endswith("}"):
        captured, _, listed = body[1:-1].rpartition(":")
        names = listed.split("|")
        if unknown := [word for word in names if word not in classes]:
            raise RulesError(f"{name}: no word class {unknown[0]!r}")
        inner = "|".join(classes[word] for word in names)
        inner = f"(?P<{captured}>{inner})" if captured else inner
    elif "{" in body and body != "{":
        raise RulesError(f"{name}: {piece!r}: a class stands alone in its braces")
    else:
        inner = "|".join(_word(word) for word in body.split("|")) if body != "|" else r"\|"
    return f"(?: (?:{inner})~?(?= ))" + ("?" if optional else "")


def _sources() -> Iterable[compiled.Source]:
    return compiled.files(("thread",), _is_phrases, ("toml.py", "review/phrases.py"))


PHRASES = compiled.Piece("phrases", _sources, lambda: lowered(folder("rules/thread")))
