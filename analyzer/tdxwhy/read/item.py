"""What lines of a log are read into: records, and marks of what stands between them."""

from __future__ import annotations

from tdxwhy.hints import Literal
from tdxwhy.lazy import lazy
from tdxwhy.noun import NamedTuple
from tdxwhy.read.prompt import command_of, is_empty
from tdxwhy.records import LogRecord

Kind = Literal["blank", "fence", "prompt", "gap", "boot"]


class Mark(NamedTuple):
    """A line that is no record.

    "gap": the writer left lines out; "prompt": a command was typed, with `value` "filter" where it picks lines, and `command` itself;
    "boot": another boot begins, with its id in `value` where there is one.
    """

    kind: Kind
    line: int
    value: str = ""
    command: str = ""


Item = LogRecord | Mark
# How extended netconsole marks the pieces of a record that is too long for a packet.
FRAGMENT = ",ncfrag="


_ELISION = lazy(r"[\W_]{0,8}(?:\.{3,}|…|snip(?:ped)?|cut|truncated|omitted|8<|>8)[\W_]{0,8}")
_FENCE = lazy(r"(?:```+|~~~+)[\w-]{0,16}")
_BOOT = lazy(r"-- (?:Boot (?P<id>[0-9a-f]{32})|Reboot) --")
_JOURNAL_NOTE = lazy(r"-- (?:Logs begin|Journal begins|No entries|cursor:)")
_PICKING = lazy(r"grep|\brg\b|\bawk\b|\bsed\b|\bhead\b|\btail\b|-g |--grep|-n ?\d|--lines|--since|-S ")


def mark_of(text: str, line: int) -> Mark | None:
    """Return the mark that a line without any log prefix is, or None if it may be a record."""
    if not text or text.isspace():
        return Mark("blank", line)
    stripped = text.strip()
    if _FENCE.fullmatch(stripped):
        return Mark("fence", line)
    if stripped == "--" or (len(stripped) <= 32 and _ELISION.fullmatch(stripped)):
        return Mark("gap", line)
    if stripped.startswith("-- "):
        boot = _BOOT.fullmatch(stripped)
        if boot is not None:
            return Mark("boot", line, boot["id"] or "")
        if _JOURNAL_NOTE.match(stripped):
            return Mark("blank", line)
    return _prompt(stripped, line)


def _prompt(text: str, line: int) -> Mark | None:
    command = command_of(text)
    if not command and not is_empty(text):
        return None
    return Mark("prompt", line, "filter" if _PICKING.search(command) else "", command)
