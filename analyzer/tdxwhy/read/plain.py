"""One line of a log to records, whatever printed it: dmesg, console, syslog, journalctl, /dev/kmsg, netconsole."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tdxwhy.lazy import lazy
from tdxwhy.read.fast_lines import AGAIN, MONOTONIC, usual_line
from tdxwhy.read.kmsg import KMSG_FIELD, KmsgLine, kmsg_line
from tdxwhy.read.prefix import HEADLESS, PLACEHOLDER, STAMP, TAILLESS, Prefix, nanoseconds, outer_prefix, wall_stamp
from tdxwhy.read.text import LINE_LIMIT, RAW_LIMIT, clean, unquote
from tdxwhy.records import LogRecord, Place

_LAVA = lazy(r'- \{"dt": "[^"]{0,40}", "lvl": "\w{1,16}", "msg": "(?P<text>.*)"\}')
_CODE = lazy(r"[*+-]? {0,4}`(?P<code>[^`]{1,2048})`(?P<rest>.*)")
_BARE_LEVEL = lazy(r"<(\d{1,3})>$")
# What may stand before a stamp and says nothing: comment signs, list signs, `grep -n`, a cut prompt.
_NOTHING = lazy(r"[^\w()]*+(?:(?:\w[\w./-]{0,127}[:-]\d{1,9}[:-]|\d{1,9}[:-]?|(?:(?<=<)|(?<=</))(?:pre|code|tt|p|br)>)[^\w()]*+)?")
# What test runners and loggers write between the time and the line: [dut-4] INFO dmesg:
_TAGS = lazy(r"(?:(?:\[[\w .:/@#-]{1,64}\]|(?:DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|TRACE)\b:?|[\w.@/-]{1,64}:|[|-])\s{0,8}){1,6}")
# What grep writes before a line: the file, if its name is a path or looks like a log's, and with -n the number of the line.
_GREPPED = lazy(
    r"(?:(?:[\w.+@~-]{0,64}/[\w./+@~-]{1,200}|[\w+@~-]{1,64}\.(?:log|txt|out|gz|xz|\d)[\w.]{0,16}):(?:\d{1,9}[:-])?|\d{1,9}[:-])"
    r"(?=[\[<]|\d{4}-\d\d-|[A-Z]\w\w +\d{1,2} \d\d:)"
)
# Accepted form: a time that somebody retyped or put into a table before what begins as kernel messages do: 3.61 | tdx: ...,
# (12.200000) virt/tdx: ..., [ 17.332O11] virt/tdx: ... Its digits are not trusted.
_RETYPED = lazy(r"[\[(]? {0,8}[\dOIl]{1,6}[.,][\dOIl]{1,9} ?[\])]?:? {0,8}\|? {0,8}(?=[A-Za-z][\w./-]{1,64}: )")
# Accepted form: key=value pairs as log pipelines write them, the message quoted: ts=1718000034.901 host=a msg="virt/tdx: ...".
_PAIR = lazy(r"\s{0,8}[\w.]{1,64}=")
_LOGFMT = lazy(r'(?<=\s)(?:msg|message)="(?P<message>(?:[^"\\]|\\.)*)"')
_TS = lazy(r"\b(?:ts|time|timestamp)=\"?([^\s\"]+)")
_CLOSING = lazy(r"(?:</(?:pre|code|tt|p|div|span)>|<br ?/?>){1,4}$")
_NO_EVIDENCE = Prefix(0)
_SHORT = 256


def records_of(place: Place, raw: str) -> tuple[LogRecord, ...]:
    """Read one line; a torn line gives one record for each stamp on it, a line that says nothing gives none.

    >>> (record,) = records_of(Place("log", 1), "Sep  2 10:00:01 rack7 kernel: [    1.204511] virt/tdx: module initialized")
    >>> record.text, record.time_ns, record.wall, record.host
    ('virt/tdx: module initialized', 1204511000, 'Sep  2 10:00:01', 'rack7')
    """
    usual = usual_line(place, raw)
    return (usual,) if usual is not None else tuple(_odd(place, raw))


def _odd(place: Place, raw: str) -> Iterator[LogRecord]:
    text = unquote(clean(raw[:LINE_LIMIT]))
    if raw.lstrip().startswith("|") and text.rstrip().endswith("|"):
        text = text.rstrip()[:-1]
    lava = _LAVA.fullmatch(text)
    if lava is not None:
        text = lava["text"]
    raw = raw[:RAW_LIMIT]
    grepped = _GREPPED.match(text)
    if grepped is not None:
        text = text[grepped.end() :]
    stripped = text.strip()
    fields = _LOGFMT.search(text) if _PAIR.match(text) else None
    if fields is not None:
        text = fields["message"].replace('\\"', '"')
        yield LogRecord(place, raw, text, wall=(_TS.search(raw) or [None, None])[1])
        return
    structured = kmsg_line(text.lstrip())
    if structured is not None:
        yield from _structured(place, raw, structured)
    elif stamps := _stamps(text):
        yield from _stamped(place, raw, text, stamps)
    elif not KMSG_FIELD.fullmatch(text) and stripped:
        yield from _unstamped(place, raw, stripped)


def _structured(place: Place, raw: str, line: KmsgLine) -> Iterator[LogRecord]:
    for part in line.text.split("\n"):
        text = clean(part) if line.fragment else clean(part).rstrip()
        yield LogRecord(place, raw, text, line.time_ns, line.level, line.facility, line.caller, line.seq)


def _stamps(text: str) -> list[re.Match[str]]:
    """Return the time stamps that begin a message, wherever on the line."""
    if "[" not in text:
        return []
    return [found for found in STAMP.finditer(text) if found.start() == 0 or AGAIN.match(text, found.start())]


def _stamped(place: Place, raw: str, text: str, stamps: list[re.Match[str]]) -> Iterator[LogRecord]:
    before = text[: stamps[0].start()]
    prefix = outer_prefix(before.lstrip()) or _NO_EVIDENCE
    fragment = before.lstrip()[prefix.end :].strip()
    if fragment and not (len(fragment) < _SHORT and (_NOTHING.fullmatch(fragment) or _TAGS.fullmatch(fragment))):
        level = _BARE_LEVEL.search(fragment)
        fragment = _BARE_LEVEL.sub("", fragment).rstrip()
        yield LogRecord(place, raw, fragment, wall=prefix.wall, host=prefix.host, cut="both" if prefix is _NO_EVIDENCE else "tail")
        prefix = Prefix(0, level=int(level[1]) & 7, facility=int(level[1]) >> 3) if level else _NO_EVIDENCE
    for index, stamp in enumerate(stamps):
        last = index + 1 == len(stamps)
        piece = text[stamp.end() :] if last else text[stamp.end() : stamps[index + 1].start()]
        level = None if last else _BARE_LEVEL.search(piece)
        piece = piece[: level.start()] if level else piece
        record = _record(place, raw, _ticked(piece, before), prefix)
        yield record._replace(time_ns=nanoseconds(stamp[1], stamp[2]), caller=stamp[3] or prefix.caller, cut="" if last else "tail")
        prefix = Prefix(0, level=int(level[1]) & 7, facility=int(level[1]) >> 3) if level else _NO_EVIDENCE


def _ticked(piece: str, before: str) -> str:
    """Take off what closes the quote, the code span or the element that was opened before the stamp."""
    piece = _CLOSING.sub("", piece.rstrip())
    if "`" in before and piece.endswith("`"):
        return piece[:-1]
    return piece.rstrip(",").removesuffix('"') if '"' in before and piece.endswith(('"', '",')) else piece


def _record(place: Place, raw: str, text: str, prefix: Prefix) -> LogRecord:
    host = prefix.host
    named = MONOTONIC.match(text)
    if named is not None:
        host, text = named["host"], text[named.end() :]
    return LogRecord(place, raw, text.rstrip(), None, prefix.level, prefix.facility, prefix.caller, None, prefix.wall, host)


def _unstamped(place: Place, raw: str, text: str) -> Iterator[LogRecord]:
    prefix = outer_prefix(text) or _NO_EVIDENCE
    wall = wall_stamp(text, prefix.end)
    if wall is not None:
        inner = prefix._replace(wall=wall["wall"].strip())
        yield _record(place, raw, text[wall.end() :], inner)
        return
    body = text[prefix.end :]
    if prefix is not _NO_EVIDENCE:
        yield LogRecord(place, raw, body.rstrip(), None, prefix.level, prefix.facility, prefix.caller, None, prefix.wall, prefix.host)
        return
    lost = HEADLESS.match(body)
    if lost is not None:
        yield LogRecord(place, raw, body[lost.end() :], caller=lost[1], cut="head")
        return
    placeholder = PLACEHOLDER.match(body) or _RETYPED.match(body)
    text = body[placeholder.end() :] if placeholder else body
    torn = TAILLESS.search(text)
    if torn is not None and torn.start() <= 8 and torn.end() - torn.start() > 1:
        text = text[: torn.start()].strip()
    code = _CODE.fullmatch(text)
    for part in (code["code"], code["rest"]) if code else (text,):
        if part.strip():
            yield LogRecord(place, raw, part.strip())
