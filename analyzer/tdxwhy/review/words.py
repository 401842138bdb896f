"""The phrases of `rules/thread/*.toml`, lowered to one regular expression for each phrase.

A form is a row of words, matched against a sentence in lower case with its punctuation set apart.
Accepted form: `word`, `two_words`, `begin*`, `one|other`, `{class}`, `{capture:class}`, `{any_word}`, any of them optional with `?`;
`..` up to three words, `...` up to eight, `....` up to twenty; `^` the sentence's
beginning, `$` its end; `,` and other marks stand for themselves.

Verbs of doing, the one large class, are marked in the sentence (`fix~`) instead of being listed in every expression.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from tdxwhy import toml
from tdxwhy.errors import RulesError
from tdxwhy.shipped import folder

_KEYS = {"id", "group", "kind", "why", "form", "unless", "good", "bad"}
_NEEDED = {"id", "form", "good", "bad"}
_NAME = r"(?P<name>[a-z][\w.'-]{1,30})"
_ANY = r" [a-z][^\s~]{1,40}~?(?= )"
_MARKED = "do"
_GAPS = {"..": 3, "...": 8, "....": 20}


class Phrase(NamedTuple):
    """One phrase: what it means (`group`, `kind`), its forms, what vetoes it, and its examples."""

    id: str
    group: str
    kind: str
    form: re.Pattern[str]
    unless: re.Pattern[str] | None
    good: tuple[str, ...]
    bad: tuple[str, ...]

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
    words = _tables()[1][_MARKED]
    exact = frozenset(word for word in words if not word.endswith("*"))
    starts = tuple(word[:-1] for word in words if word.endswith("*"))

    @cache
    def doing(word: str) -> bool:
        return word in exact or word.startswith(starts)

    return doing


@cache
def word_class(name: str) -> frozenset[str]:
    """Return the words of a class."""
    return frozenset(_tables()[1][name])


@cache
def phrases(group: str) -> Phrases:
    """Return the phrases of a group."""
    found = tuple(_phrase(stem, row, _classes()) for stem, row in _rows() if row.get("group", stem) == group)
    if not found:
        raise RulesError(f"rules/thread: no phrase of group {group!r}")
    return Phrases(found)


@cache
def _tables() -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """Read the files: the tables of phrases, and the word classes."""
    where = folder("rules/thread")
    tables: dict[str, dict[str, Any]] = {}
    for path in sorted(where.glob("*.toml")):
        if path.name.startswith("TDX"):
            continue
        fresh: list[dict[str, Any]] = []
        tables[path.stem] = toml.read(path, fresh.append)
        if fresh:
            _prove(path.stem, tables[path.stem])
    return tables, tables.pop("words", {}).get("words", {})


def _prove(stem: str, table: dict[str, Any]) -> None:
    """Refuse what nothing reads in a file that was not compiled, in whatever group it stands."""
    name = f"rules/thread/{stem}.toml"
    wanted = "words" if stem == "words" else "phrase"
    if unknown := set(table) - {wanted}:
        raise RulesError(f"{name}: unknown key {min(unknown)!r}")
    rows = table.get(wanted, {})
    if stem == "words":
        wrong = [key for key, words in rows.items() if not _texts(words)]
    else:
        for row in rows:
            _keys(row, f"{name}: {row.get('id', 'a phrase')}")
        wrong = [row["id"] for row in rows if not all(_texts(row[key]) for key in ("form", "good", "bad"))]
    if wrong:
        raise RulesError(f"{name}: {wrong[0]}: wants lists of texts")


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every phrase as it is written; only the groups that are asked for are compiled."""
    for stem, table in _tables()[0].items():
        for row in table.get("phrase", []):
            yield stem, row


@cache
def _classes() -> dict[str, str]:
    words = _tables()[1]
    return {name: r"[^\s~]{1,40}~" if name == _MARKED else _class(name, words) for name in words}


def _class(name: str, words: dict[str, list[str]]) -> str:
    return "|".join(_word(word) for word in sorted(words[name], key=len, reverse=True))


def _word(word: str) -> str:
    """Lower one word or a row of words; `begin*` takes any ending."""
    plain = [re.escape(part.removesuffix("*")) + (r"[^\s~]*" if part.endswith("*") else "") for part in word.replace("_", " ").split()]
    return "~? ".join(plain)


def _phrase(stem: str, row: dict[str, Any], classes: dict[str, str]) -> Phrase:
    name = f"rules/thread/{stem}.toml: {row.get('id', 'a phrase')}"
    _keys(row, name)
    unless = row.get("unless")
    return Phrase(
        id=row["id"],
        group=row.get("group", stem),
        kind=row.get("kind", ""),
        form=_lowered(row["form"], classes, name),
        unless=_lowered(unless, classes, name) if unless else None,
        good=tuple(row["good"]),
        bad=tuple(row["bad"]),
    )


def _keys(row: dict[str, Any], name: str) -> None:
    if unknown := set(row) - _KEYS:
        raise RulesError(f"{name}: unknown key {sorted(unknown)[0]!r}")
    if missing := _NEEDED - set(row):
        raise RulesError(f"{name}: no {sorted(missing)[0]!r}")


def _lowered(forms: list[str], classes: dict[str, str], name: str) -> re.Pattern[str]:
    try:
        return re.compile("|".join(_form(form, classes, name) for form in forms))
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
