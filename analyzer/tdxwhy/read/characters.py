"""Characters that look like those which a kernel printed, and what stands for them."""

from __future__ import annotations

import re

from tdxwhy.lazy import lazy

_LIKE = {"“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "−": "-"}
# Letters of Cyrillic and Greek that fonts draw as the Latin ones (Unicode, confusables.txt).
_LETTERS = dict(
    zip(
        "аеорсухіјѕһԁԛԝАВЕНІЈКМОРСТХУЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧονιυϲ",
        "aeopcyxijshdqwABEHIJKMOPCTXYSABEZHIKMNOPTYXoviuc",
        strict=True,
    )
)
_LATIN = str.maketrans(_LETTERS)
_WORD = lazy(r"[^\W_]+")
_ALIKE = lazy(rf"(?<![^\W_])[{''.join(_LETTERS)}]+(?![^\W_])")


class Plain(dict[int, str]):
    """The ASCII that stands for a character which was put in its place, or the character itself, for `str.translate`."""

    def __missing__(self, code: int) -> str:
        """Look at a character that was not met before."""
        self[code] = found = _plain(chr(code)) if code > 0x7F else chr(code)
        return found


# A blank of any kind, a dash, and what cannot be seen.
_KINDS = {"Zs": " ", "Pd": "-", "Cf": ""}


def _plain(character: str) -> str:
    """Return the ASCII for a blank, a dash, a digit or a quote of any kind, for what is full-width, a ligature or bold by its code, and for
    a part of a drawn box; nothing for what cannot be seen."""
    import unicodedata

    kind = unicodedata.category(character)
    if kind in _KINDS:
        return _KINDS[kind]
    if kind == "Nd":
        return str(unicodedata.digit(character))
    if "\u2500" <= character <= "\u259f":
        return _drawn(unicodedata.name(character))
    plain = _LIKE.get(character) or unicodedata.normalize("NFKC", character)
    return plain if plain.isascii() else character


def _drawn(name: str) -> str:
    """Return the sign by which a terminal without Unicode draws a part of a box."""
    if "HORIZONTAL" in name and "VERTICAL" not in name:
        return "-"
    return "|" if "HORIZONTAL" not in name and ("VERTICAL" in name or "BLOCK" in name) else "+"


PLAIN = Plain()


def without_likeness(text: str) -> str:
    """Put Latin letters into words that mix them with their likes of other scripts, and into short words between such ones.

    >>> without_likeness("vіrt/tdх: mоdule initiаlizеd, а сервер")
    'virt/tdx: module initialized, а сервер'
    """
    if not any(letter in text for letter in _LETTERS):
        return text
    return "\n".join([line if line.isascii() else _latin(line) for line in text.split("\n")])


def _latin(line: str) -> str:
    made = _WORD.sub(_unmixed, line)
    # Words of other scripts that are left show that the line is somebody's prose.
    if made == line or any(letter.isalpha() and not letter.isascii() and letter not in _LETTERS for letter in made):
        return made
    return _ALIKE.sub(lambda found: found[0].translate(_LATIN), made)


def _unmixed(found: re.Match[str]) -> str:
    """Return a word in Latin letters where the others in it only look like them."""
    word = found[0]
    if word.isascii() or not any(map(str.isascii, word)):
        return word
    plain = word.translate(_LATIN)
    return plain if plain.isascii() else word
