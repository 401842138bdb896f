"""What a web form, a word processor or a font does to a paste is undone: markup, colours, blanks, quotes and digits of other kinds."""

from __future__ import annotations

from tdxwhy.lazy import lazy

# Colour sequences whose escape byte was lost on the way, or written out: [32m[    1.2] [0m, \\033[0m. No kernel message holds one.
_COLOUR = lazy(r"(?:\^\[|\\x1b|\\033|\\e|\\u001b|\u241b)?(?<!\x1b)\[(?:\d{1,3}(?:;\d{1,3}){0,5})?m")
_ENTITY = lazy(r"&(?:lt|gt|amp|quot|apos|nbsp|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
# Elements of text that people paste out of a page. <TASK>, <6> and an address in angle brackets are none of them.
_BREAK = lazy(r"(?i)<(?:br ?/?|/(?:p|div|li|tr|pre|h\d))>(?:\n)?")
_ELEMENT = lazy(r"(?i)</?(?:span|pre|code|p|div|td|tr|table|tbody|b|i|em|strong|a|font|ol|ul|li|html|body|samp|tt)(?:\s[^<>]{0,512})?>")
_LIKE = {"“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "−": "-"}


class Plain(dict[int, str]):
    """The ASCII that stands for a character which was put in its place, or the character itself, for `str.translate`."""

    def __missing__(self, code: int) -> str:
        """Look at a character that was not met before."""
        self[code] = found = _plain(chr(code)) if code > 0x7F else chr(code)
        return found


def _plain(character: str) -> str:
    """Return a blank for any blank, the digit for any digit, and ASCII for what is full-width, a ligature, or bold by its code."""
    import unicodedata

    kind = unicodedata.category(character)
    if kind == "Zs":
        return " "
    if kind == "Nd":
        return str(unicodedata.digit(character))
    if kind == "Pd":
        return "-"
    if character in _LIKE:
        return _LIKE[character]
    plain = unicodedata.normalize("NFKC", character)
    return plain if plain.isascii() else character


PLAIN = Plain()


def without_markup(text: str) -> str:
    r"""Return a paste without markup and lost colour sequences. What was one line in the source keeps its number.

    Accepted form: text as it is, or with the entities and elements of HTML; a line break in HTML becomes a carriage return.

    >>> without_markup("<pre>[    1.204511] virt/tdx: private KeyID range [32, 64&#41;</pre>")
    '[    1.204511] virt/tdx: private KeyID range [32, 64)\r'
    """
    if _ENTITY.search(text) or _ELEMENT.search(text) or _BREAK.search(text):
        from html import unescape

        text = _ELEMENT.sub("", _BREAK.sub(lambda found: "\n" if found[0].endswith("\n") else "\r", text))
        text = unescape(text) if _ENTITY.search(text) else text
    return _COLOUR.sub("", text) if "[0m" in text or "[m" in text else text
