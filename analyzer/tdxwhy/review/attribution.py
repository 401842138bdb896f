"""Attribution lines ("On Tue, Dave Hansen wrote:"), in the languages of the lists. They are evidence for names only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from tdxwhy.hints import TYPE_CHECKING
from tdxwhy.review.nouns import MailLine

if TYPE_CHECKING:
    import pyparsing as pp

_VERBS = (
    "wrote", "writes", "has written", "schrieb", "a écrit", "écrit", "escribió", "escreveu", "ha scritto", "schreef", "skrev", "kirjoitti",
    "napisał", "napisal", "pisze", "пишет", "написал", "написа", "napsal", "yazdı", "写道", "寫道", "said",
)  # fmt: skip
_END = re.compile(r"(?:" + "|".join(_VERBS) + r"|schrieb .{1,120}|schreef .{1,120}|skrev .{1,120})\s?[:：]$")
_LEAD = re.compile(r"^(?:(?:On|Am|Le|El|Il|Op|Em|Den|W dniu|Dne|На|В|在|Quoting|\*)\s*+|>?\s*+(?:\[\s*+)?)\S")
_BARE = re.compile(r"^[A-Z][\w.'-]*(?:,? [A-Z][\w.'-]*){1,3} (?:wrote|writes)\s?:$")
_SENT = re.compile(r"^From: [^<>]{1,80}<[^<>\s]{1,200}>,? Sent: \S.{0,80}$")
_LOOSE = re.compile(
    r"^(?:Quoting |> ?)?(?P<name>[^\W\d_][^<>()@:\d\s]{0,40}(?: [^<>()@:\d\s]{1,40}){0,6}?),? "
    r"(?:(?:wrote|writes|said) (?:on|at)\b|[<(](?:mailto:)?[^<>()\s@]{1,80}@[^<>()\s@]{1,120}[>)][^:]{0,40}:$)"
)
_ADDRESS = re.compile(r"[^\s<>(),:@]{1,80}@[^\s<>(),:@]{1,120}")
_CLOCK = re.compile(r"\d\d:\d\d|[^\s@]@[^\s@]")
_DATED = re.compile(r"\d{1,4}[-/., ]|\d\d:\d\d|@|<")


def attribution_at(lines: Sequence[MailLine], index: int) -> int | None:
    """Return where an attribution that begins at `index` ends, None if there is none.

    Accepted form: one to three lines of one level, the last ending in a verb of saying and a colon; `From: NAME <ADDRESS> Sent: DATE`;
    any line with a time or an address that ends in a colon right above a deeper quote.
    """
    first = lines[index]
    if _SENT.match(first.text) or _tops_quote(lines, index):
        return index
    text = ""
    for end in range(index, min(index + 3, len(lines))):
        line = lines[end]
        if line.level != first.level or not line.text.strip():
            return None
        text = f"{text} {line.text.strip()}".strip()
        if len(text) > 400:
            return None
        if _END.search(text):
            told = _DATED.search(text) and (_LEAD.match(text) or "@" in text)
            return end if told or (end == index and _BARE.match(text) and _quotes_next(lines, end)) else None
        if end == index and not _begins(text):
            return None
    return None


def _tops_quote(lines: Sequence[MailLine], index: int) -> bool:
    """Tell whether a line that ends in a colon and has a time of day or an address stands right above a deeper quote."""
    text = lines[index].text.strip()
    if not text.endswith((":", "：")) or len(text) > 200 or not _CLOCK.search(text):
        return False
    return index + 1 < len(lines) and _quotes_next(lines, index)


def _quotes_next(lines: Sequence[MailLine], index: int) -> bool:
    """Tell whether the next line with words is quoted one level deeper."""
    following = next((line for line in lines[index + 1 : index + 4] if line.text.strip()), None)
    return following is not None and following.level > lines[index].level


def _begins(text: str) -> bool:
    return bool(_LEAD.match(text) and re.search(r"\d", text))


def attributed_name(text: str) -> str | None:
    """Return the name that an attribution line gives.

    Accepted form: `On DATE, NAME <ADDRESS> wrote:` and its like in German, French, Spanish, Italian, Dutch, Portuguese, Swedish, Danish,
    Polish, Czech, Russian, Bulgarian, Chinese; `* NAME <ADDRESS> wrote:`; `Quoting NAME <ADDRESS>:`; `NAME wrote on DATE:`;
    `DATE, ADDRESS:`.
    """
    import pyparsing as pp

    flat = " ".join(text.split())
    if not _END.search(flat):
        loose, address = _LOOSE.match(flat), _ADDRESS.search(flat)
        return loose["name"].strip() if loose else address[0] if address and flat.endswith((":", "：")) else None
    try:
        parsed: dict[str, str] = _grammar().parse_string(flat).as_dict()
    except pp.ParseException:
        return None
    name = " ".join(parsed.get("name", "").split()).strip(" ,;:\"'[")
    return name or parsed.get("address") or None


@cache
def _grammar() -> pp.ParserElement:
    """Build the grammar: a lead word, dates, then the name, an address, a verb; or the verb before the name."""
    import pyparsing as pp

    month = pp.Regex(
        r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mär|Mai|Okt|Dez|janv|févr|mars|avr|juin|juil|août|sept|déc|ene|abr|ago|dic)[a-zé]*\.?(?=\s*\d|,)"
    )
    weekday = pp.Regex(
        r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Mo|Di|Mi|Do|Fr|Sa|So|lun|mar|mer|jeu|ven|sam|dim)[a-zä]*\.?(?=,|\s+\d|\s+[A-Z][a-z]{2,8}\.? \d)"
    )
    number = pp.Regex(r"[+-]?\d[\d:./-]*(?:-?\d+)?(?:AM|PM|am|pm|th|st|nd|rd)?[年月日]?(?:\s?\([A-Z]{2,5}\))?")
    filler = pp.Regex(
        r"(?:at|um|à|a las|alle|om|de|às|kl\.?|o|v|в|г\.|ч\.|AM|PM|a\.m\.|p\.m\.|UTC|GMT|[A-Z]{1,3}[SD]T|\([A-Z]{2,5}\))(?=[\s,]|$)|[,;，]"
    )
    when = pp.OneOrMore(month + pp.Optional(pp.Literal(".")) | weekday | number | filler)
    lead = pp.Regex(r"(?:On|Am|Le|El|Il giorno|Il|Op|Em|Den|W dniu|Dne|На|В|在|Quoting|\*|\[)(?=\s|\d)")
    address = pp.Regex(r"[<(](?:mailto:)?([^<>()\s]+@[^<>()\s]*)[>)]|[^\s<>]+@[^\s<>,:]+")("address")
    verb = pp.Regex(r"(?:" + "|".join(_VERBS) + r")\s?[:：\]]*$")
    early = pp.Regex(r"(?:schrieb|schreef|skrev)(?=\s+\S)")
    word = ~address + ~verb + pp.Regex(r"[^\s<>]+")
    name = pp.Combine(pp.OneOrMore(word), adjacent=False, join_string=" ")("name")
    after = pp.Optional(lead) + pp.Optional(when) + (name + pp.Optional(address) | address) + pp.Optional(filler) + verb
    before = pp.Optional(lead) + pp.Optional(when) + early + pp.Regex(r"(?P<name>[^<:]{1,100}?)\s*(?:<[^<>]{0,100}>)?\s*:$")
    return before | after
