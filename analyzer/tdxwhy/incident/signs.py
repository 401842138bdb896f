"""Find the messages of a TD's life in lines, wherever on the line and whoever relays them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import Any

from tdxwhy.digits import is_whole
from tdxwhy.incident import tables
from tdxwhy.incident.nouns import PasteLine, Sign
from tdxwhy.incident.rows import ProgramMessage
from tdxwhy.incident.samples import is_sample
from tdxwhy.incident.wrapped import STATUSES, put_together
from tdxwhy.know.decode import is_whole_status
from tdxwhy.know.match import match as known
from tdxwhy.lazy import lazy

_QUOTE = 240
# Accepted form: "qgsd[771]: ", "qgsd-1    | ", "qemu-system-x86_64: ".
_SPEAKER = lazy(r"(?:^|\s)(?P<program>[A-Za-z][\w.@-]{0,60})(?:\[(?P<pid>\d{1,10})\])?(?:: | +\| )")
_VM = lazy(r"\bvm='(?P<vm>[^']{1,64})'|\bdomain '(?P<domain>[^']{1,64})'|\bguest=(?P<guest>[\w.-]{1,64})|sandbox=(?P<sandbox>\w{1,64})")
# What a person writes around words that he quotes, before them or behind.
_TOLD = lazy(
    r"(?i)\b(?:says?|said|saying|reports?|prints?|shows?|told|tells|like|expect\w*|should|i see|we see|fails? with|error is|getting"
    r"|read that"
    r"|message|meldet|报|という)\b[^:]{0,40}[\"'“`«「 ]{1,3}$|[\"“`«「]$"
)
# Accepted form: "qemu-system-x86_64: -accel kvm: ", "kvm_intel: ", "qgsd[812]: " at the end of what stands before a message.
_PROGRAM = lazy(
    r"(?<![\w./-])(?:[\w./-]{0,200}qemu[\w.-]{0,64}(?:\[\d{1,9}\])?: -\w{1,32} [^:]{0,80}: |[\w./-]{1,200}(?:\[\d{1,9}\])?: ?)$"
)
# What libvirt writes into the log of a VM: that QEMU starts, with what command line, and that it ended.
_STARTS, _ENDS = ": starting up libvirt version: ", ": shutting down, reason="
_NAMED = lazy(r"-name guest=(?P<guest>[\w.-]{1,64})")
# Accepted form: cat FILE | wc -c, wc -c < FILE, stat -c %s FILE.
_COUNTS = lazy(r"(?:\bcat (?P<cat>/\S{1,200}) ?\| ?wc -c|\bwc -c ?< ?(?P<wc>/\S{1,200})|\bstat -c ?['\"]?%s['\"]? (?P<stat>/\S{1,200}))$")
_WORDS = lazy(r"[a-zà-ÿ]{3,}")


@cache
def _needles() -> tuple[str, ...]:
    return tuple(sorted({row.needle for row in tables.messages()}))


@cache
def _searcher() -> Any:  # noqa: ANN401 - an automaton of a library without types
    """Return what finds all needles at once; None where the library is not installed."""
    try:
        import ahocorasick_rs
    except ImportError:
        return None
    return ahocorasick_rs.AhoCorasick(list(_needles()))


@cache
def _by_needle() -> dict[str, tuple[ProgramMessage, ...]]:
    found: dict[str, list[ProgramMessage]] = {}
    for row in tables.messages():
        found.setdefault(row.needle, []).append(row)
    return {needle: tuple(rows) for needle, rows in found.items()}


@cache
def _pattern(message: ProgramMessage) -> re.Pattern[str]:
    return re.compile(message.pattern)


@cache
def _only(message: ProgramMessage) -> re.Pattern[str]:
    return re.compile(message.only)


def needles_in(text: str) -> list[str]:
    """Return the constant texts of messages that stand in a text."""
    needles, searcher = _needles(), _searcher()
    if searcher is None:
        return [needle for needle in needles if needle in text]
    return [needles[number] for number in sorted({found[0] for found in searcher.find_matches_as_indexes(text, overlapping=True)})]


def signs_of(lines: Sequence[PasteLine]) -> tuple[Sign, ...]:
    """Return the messages in the lines, in their order; one that line breaks parted is put together."""
    found: list[Sign] = []
    reached, domain = -1, ""
    for number, line in enumerate(lines):
        if number <= reached:
            continue
        domain = _domain_after(line.text, domain)
        here: Sequence[Sign] = list(_on(line, line.text)) or list(_counted(line, lines[number + 1 : number + 2]))
        if here and is_sample(lines, number, here):
            continue
        here, reached = put_together(lines, number, here, partial(_on, line))
        found += (sign._replace(vm=domain) if domain and not sign.vm and sign.message.component == "qemu" else sign for sign in here)
    return tuple(found)


def _counted(line: PasteLine, after: Sequence[PasteLine]) -> Iterator[Sign]:
    """Yield the messages of a command that counts bytes of a file and of its answer, read as `wc -c FILE` prints both."""
    file = _COUNTS.search(line.command)
    if file is not None and after and is_whole(count := after[0].text.strip()):
        yield from (
            sign._replace(quote=line.text.strip()[:_QUOTE]) for sign in _on(line, f"{count[:9]} {next(filter(None, file.groups()))}")
        )


def _domain_after(text: str, domain: str) -> str:
    """Return the VM of whose QEMU the following lines are, in a log that libvirt keeps of each: between its start and its end."""
    if _STARTS in text or _ENDS in text:
        return ""
    named = _NAMED.match(text)
    return named["guest"] if named is not None else domain


def _on(line: PasteLine, text: str) -> Iterator[Sign]:
    """Yield the messages in one text, the more specific of two at one place only."""
    taken: list[tuple[int, int, Sign]] = []
    for needle in needles_in(text):
        for message in _by_needle()[needle]:
            if message.only and not _only(message).search(text) and not _only(message).search(line.asked):
                continue
            match = _pattern(message).search(text)
            if match is not None and not _foreign(message, text, match):
                taken.append((match.start(), match.end(), _sign(message, match, line, text)))
    taken.sort(key=lambda one: (not one[2].known, -_weight(one[2], text), one[0]))
    kept: list[tuple[int, int, Sign]] = []
    for start, end, sign in taken:
        if not any(start < other_end and end > other_start for other_start, other_end, _ in kept):
            kept.append((start, end, sign))
    yield from (sign for _, _, sign in sorted(kept, key=lambda one: one[0]))


def _weight(sign: Sign, text: str) -> int:
    constant = sum(len(part) for part in re.split(r"%[-+ #0-9.lhzjtLq]*[a-zA-Z]", sign.message.format))
    return constant + 40 * bool(sign.message.prefix and sign.message.prefix in text)


def _foreign(message: ProgramMessage, text: str, match: re.Match[str]) -> bool:
    """Tell whether the words are those of another technology, or of a command that was typed."""
    values = dict(zip(message.args, match.groups(), strict=False))
    if message.by_structure and known(match[0].strip()) is not None:
        return True
    if "vm_type" in values and "tdx" not in values["vm_type"].lower():
        return True
    if "value" in values and not int(values["value"], 16):  # the status of a VM that is no TD
        return True
    if "leaf_name" in values and not values["leaf_name"][:1].isalpha():
        return True
    return "call" in values and not values["call"].startswith("KVM_") and not re.fullmatch(r"[A-Z_]{3,32}", values["call"])


def _sign(message: ProgramMessage, match: re.Match[str], line: PasteLine, text: str) -> Sign:
    values = {
        name: _value(name, value, message)
        for name, value in zip(message.args, match.groups(), strict=False)
        if name != "_" and (name not in STATUSES or is_whole_status(value))
    }
    head = text[: match.start()]
    begin = _begin(message, head)
    speaker = list(_SPEAKER.finditer(head))
    program = speaker[-1] if speaker else None
    named = _VM.search(text)
    vm = next((one for one in named.groups() if one), "") if named is not None else ""
    if not vm and program is not None and program["pid"] and program["program"] != "qgsd":
        vm = f"{program['program']}[{program['pid']}]"
    quote = text[begin : match.end()].strip()[:_QUOTE]
    return Sign(message, values, line, quote, _is_told(head, text[match.end() :], line), vm, program["program"] if program else "")


def _begin(message: ProgramMessage, head: str) -> int:
    """Return where the passage begins that carries a message: at its own prefix, or at the program that says it."""
    if message.prefix and head.endswith(message.prefix):
        return len(head) - len(message.prefix)
    for opening in ("WARNING: ", "Kernel panic - not syncing: "):
        if opening in head:
            return head.rindex(opening)
    prefix = _PROGRAM.search(head)
    return prefix.start() if prefix is not None else len(head)


def _value(name: str, value: str, message: ProgramMessage) -> Any:  # noqa: ANN401 - a number or a text
    if name in _TEXTS:
        return value.strip()
    kind = dict(zip(message.args, re.findall(r"%[-+ #0-9.lhzjtLq]*([a-zA-Z])", message.format), strict=False)).get(name, "s")
    if kind == "s":
        return value.strip()
    return int(value, 16) if kind in "xX" else int(value)


_TEXTS = frozenset(("errno_text", "call", "vm_type", "leaf_name", "message"))


def _is_told(head: str, tail: str, line: PasteLine) -> bool:
    """Tell whether the message stands in somebody's sentence rather than in output."""
    if line.time_ns is not None or line.command or line.asked:
        return False
    if _TOLD.search(head) is not None:
        return True
    before = _SPEAKER.sub(" ", head)
    return len(_WORDS.findall(before)) >= 4 and ":" not in head[-3:] and "[" not in head
