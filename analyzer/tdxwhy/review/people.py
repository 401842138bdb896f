"""People under their names and addresses: "Huang, Kai", "Kai Huang" and kai.huang@intel.com are one."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cached_property, lru_cache

from tdxwhy.digits import is_whole
from tdxwhy.read.mail.nouns import Mail

# Characters of a name.
_NAME = 200
# Letters without which a name is too short to be misspelt, and words of names with which one is compared letter by letter.
_SHORT, _COMPARED = 4, 400
_NOISE = re.compile(r"\(.{0,200}?\)|<.{0,200}?>|\"|\bvia\b.{0,200}$", re.IGNORECASE)


@lru_cache(maxsize=4096)
def plain_name(text: str) -> str:
    """Return a name in everyday order and lower case: "Huang, Kai" becomes "kai huang"."""
    name = _NOISE.sub("", text[:_NAME]).strip()
    if name.count(",") == 1:
        name = " ".join(reversed([part.strip() for part in name.split(",")]))
    return " ".join(name.lower().split())


@lru_cache(maxsize=4096)
def name_key(text: str) -> frozenset[str]:
    """Return the words of a name whatever their order, initials left out; an address gives the words of its local part."""
    words = plain_name(text).split("@")[0]
    return frozenset(word for word in re.split(r"[^\w]+", words) if len(word) > 1 and not is_whole(word))


class People:
    """Joins the names and addresses of a thread; ask with `same` and `find`."""

    def __init__(self, mails: Iterable[Mail]) -> None:
        """Learn from authors; the first name seen speaks for a person."""
        self._of_address: dict[str, int] = {}
        self._of_key: dict[frozenset[str], int] = {}
        self._found: dict[str, str | None] = {}
        self.names: list[str] = []
        known = list(mails)
        for mail in known:
            self._learn(mail.author, mail.address)
        for mail in known:
            for name in mail.recipients[:100]:
                if " " in name:
                    self._learn(name, None)

    def _learn(self, name: str, address: str | None) -> None:
        key = name_key(name)
        real = address.lower() if address and "xxx" not in address else None
        known = self._of_address.get(real) if real else None
        if known is None and key:
            known = self._of_key.get(key)
        if known is None:
            known = len(self.names)
            self.names.append(name)
        elif "@" in self.names[known] and "@" not in name:
            self.names[known] = name
        if real:
            self._of_address.setdefault(real, known)
            self._of_key.setdefault(name_key(real), known)
        if key:
            self._of_key.setdefault(key, known)

    def number(self, name: str, address: str | None = None) -> int | None:
        """Return a person's number, None for somebody unknown."""
        if address and address.lower() in self._of_address:
            return self._of_address[address.lower()]
        return self._of_key.get(name_key(name))

    def same(self, one: str, other: str) -> bool:
        """Tell whether two names are one person's."""
        first, second = self.number(one), self.number(other)
        return first == second if first is not None and second is not None else bool(name_key(one)) and name_key(one) == name_key(other)

    def known_as(self, name: str) -> str:
        """Return the name of somebody who may sign with an address alone."""
        number = self.number(name) if "@" in name else None
        return self.names[number] if number is not None else name

    def find(self, word: str) -> str | None:
        """Return the person whom a form of address means ("Dave", "Kirill", a misspelt "Brois"), None if nobody or several."""
        word = word.strip().lower()
        if word not in self._found:
            self._found[word] = self._called(word) if len(word) > 1 else None
        return self._found[word]

    def _called(self, word: str) -> str | None:
        close = self._parts.get(word) or {number for part in self._near(word) for number in self._parts[part]}
        return self.names[next(iter(close))] if len(close) == 1 else None

    def _near(self, word: str) -> list[str]:
        """Return the parts of names that a word shortens or misspells; among very many names a misspelt one could be anybody's."""
        if len(self._parts) <= _COMPARED:
            return [part for part in self._parts if _close(word, part)]
        first = bisect_left(self._sorted, word)
        last = bisect_left(self._sorted, word + "\U0010ffff", first)
        return self._sorted[first : min(last, first + 2)] if len(word) >= _SHORT else []

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._parts)

    @cached_property
    def _parts(self) -> dict[str, set[int]]:
        """Return whose names have a word in them."""
        found: dict[str, set[int]] = {}
        for key, number in self._of_key.items():
            for part in key:
                found.setdefault(part, set()).add(number)
        return found


def _close(word: str, part: str) -> bool:
    """Tell whether a name is shortened or misspelt: same first letter, and nearly the same letters."""
    if word[0] != part[0] or len(word) < _SHORT:
        return False
    return part.startswith(word) or SequenceMatcher(None, word, part[: len(word)]).ratio() >= 0.75
