"""The phrases of `rules/thread/*.toml`, lowered to one regular expression for each phrase.

A form is a row of words, matched against a sentence in lower case with its punctuation set apart.
Accepted form: `word`, `two_words`, `begin*`, `one|other`, `{class}`, `{capture:class}`, `{any_word}`, any of them optional with `?`;
`..` up to three words, `...` up to eight, `....` up to twenty; `^` the sentence's
beginning, `$` its end; `,` and other marks stand for themselves.

Verbs of doing, the one large class, are marked in the sentence (`fix~`) instead of being listed in every expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tdxwhy import compiled, toml
from tdxwhy.errors import RulesError
from tdxwhy.lazy import lazy
from tdxwhy.shipped import folder

_KEYS = {"id", "group", "kind", "why", "form", "unless", "good", "bad"}
_NEEDED = {"id", "form", "good", "bad"}
_NAME = r"(?P<name>[a-z][\w.'-]{1,30})"
_ANY = r" [a-z][^\s~]{1,40}~?(?= )"
_MARKED = "do"
_WORDS = "words"
_GAPS = {"..": 3, "...": 8, "....": 20}


class Phrase(NamedTuple):
    """One phrase: what it means (`group`, `kind`), its forms, and what vetoes it."""

    id: str
    group: str
    kind: str
    form: re.Pattern[str]
    unless: re.Pattern[str] | None

    def match(self, text: str) -> re.Match[str] | None:
        """Match a normalised sentence."""
        found = self.form.search(text)
        return found if found and not (self.unless and self.unless.search(text)) else None


class Phrases(NamedTuple):
    """The phrases of one group, asked together."""

    phrases: tuple[Phrase, ...]

    def search(self, text: str) -> Phrase | None:
        """Return the first phrase that a sentence carries."""
        plain = normalise(text)
        return next((phrase for phrase in self.phrases if phrase.match(plain)), None)


_FOLD = str.maketrans({"’": "'", "‘": "'", "“": " ", "”": " ", '"': " ", "*": " ", "`": " ", "…": " ", "\u00a0": " "})
_MARKS = re.compile(r"([,;:?!()\[\]]+|\.+)(?=[\s,;:?!()\[\].]|$)|(?<=\s)([(\[]+)")
_UNDERLINE = re.compile(r"(?<![\w])_+(?=\w)|(?<=[a-z])_+(?!\w)")


@cache
def normalise(text: str) -> str:
    """Return a sentence as forms see it: lower case, marks set apart, emphasis gone, one blank before each word and at the end."""
    lowered = _UNDERLINE.sub("", text.lower().translate(_FOLD))
    spaced = _MARKS.sub(lambda m: f" {' '.join(dict.fromkeys(m.group()))} ", f" {lowered}")
    doing = _doing()
    return f" {' '.join(f'{word}~' if doing(word) else word for word in spaced.split())} "


@cache
def _doing() -> Callable[[str], bool]:
    """Return the test for verbs of doing."""
    words = word_class(_MARKED)
    exact = frozenset(word for word in words if not word.endswith("*"))
    starts = tuple(word[:-1] for word in words if word.endswith("*"))

    @cache
    def doing(word: str) -> bool:
        return word in exact or word.startswith(starts)

    return doing


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
    return Phrases(tuple(Phrase(id, group, kind, lazy(form), lazy(unless) if unless else None) for id, kind, form, unless in rows))


def groups() -> tuple[str, ...]:
    """Return the names of all groups."""
    return tuple(name for name in compiled.names(PHRASES) if name != _WORDS)


def lowered(where: Path) -> dict[str, Any]:
    """Read the files in a folder strictly; return the words, and of each group its phrases as id, kind, form and veto."""
    documents = {path.stem: toml.read(path) for path in sorted(where.glob("*.toml")) if _is_phrases(path.stem)}
    for stem, table in documents.items():
        _prove(stem, table)
    words = documents.pop(_WORDS, {}).get(_WORDS, {})
    classes = class_expressions(words)
    found: dict[str, Any] = {_WORDS: words}
    for stem, table in documents.items():
        for row in table.get("phrase", []):
            found.setdefault(row.get("group", stem), []).append(lowered_phrase(stem, row, classes))
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


def class_expressions(words: dict[str, list[str]]) -> dict[str, str]:
    """Return the expression of each class of words."""
    return {name: r"[^\s~]{1,40}~" if name == _MARKED else _class(name, words) for name in words}


def _class(name: str, words: dict[str, list[str]]) -> str:
    return "|".join(_word(word) for word in sorted(words[name], key=len, reverse=True))


def _word(word: str) -> str:
    """Lower one word or a row of words; `begin*` takes any ending."""
    plain = [re.escape(part.removesuffix("*")) + (r"[^\s~]*" if part.endswith("*") else "") for part in word.replace("_", " ").split()]
    return "~? ".join(plain)


def lowered_phrase(stem: str, row: dict[str, Any], classes: dict[str, str]) -> tuple[str, str, str, str]:
    """Return a phrase's id, kind, form and veto, these as regular expressions; without a veto, the last is empty."""
    name = f"rules/thread/{stem}.toml: {row.get('id', 'a phrase')}"
    _keys(row, name)
    unless = row.get("unless")
    return row["id"], row.get("kind", ""), _lowered(row["form"], classes, name), _lowered(unless, classes, name) if unless else ""


def _keys(row: dict[str, Any], name: str) -> None:
    if unknown := set(row) - _KEYS:
        raise RulesError(f"{name}: unknown key {sorted(unknown)[0]!r}")
    if missing := _NEEDED - set(row):
        raise RulesError(f"{name}: no {sorted(missing)[0]!r}")


def _lowered(forms: list[str], classes: dict[str, str], name: str) -> str:
    try:
        return re.compile("|".join(_form(form, classes, name) for form in forms)).pattern
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


def _sources() -> Iterable[bytes]:
    return compiled.files(("thread",), _is_phrases, ("toml.py", "review/words.py"))


PHRASES = compiled.Piece("phrases", _sources, lambda: lowered(folder("rules/thread")))
