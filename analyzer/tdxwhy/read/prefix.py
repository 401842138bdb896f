"""The prefix of a kernel log line, however it was printed: time stamps, levels, caller, host."""

from __future__ import annotations

import re

from tdxwhy.lazy import lazy
from tdxwhy.levels import SHORT
from tdxwhy.noun import NamedTuple

FACILITIES = ("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp")

# [    5.500031] with the caller that CONFIG_PRINTK_CALLER adds and the delta of dmesg -d.
STAMP = lazy(r"\[ *(\d{1,9})\.(\d{1,9})(?: *< *\+?\d{1,9}\.\d{1,9}>)?\](?: ?\[ *([TC]\d{1,9})\])? ?")
_CALLER = lazy(r"\[ *([TC]\d{1,9})\] ?")
_WALL = (
    r"(?:[A-Z]\w{1,8}\.? +)?[A-Z]\w{2,8}\.? +\d{1,2} +\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: +\d{4})?",  # [Tue ]Nov 24 20:03:01[.123][ 2026]
    r"(?:[A-Z]\w{2} +)?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[A-Z]{3,4}|[+-]\d\d:?\d\d))?",  # iso, short-full
    r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:[.,]\d{1,9})?",  # log of Go, and test runners
    r"\d{9,10}\.\d{6}",  # journalctl short-unix
    r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?",  # terminals and serial consoles that stamp lines
)
WALL = "|".join(_WALL)
# dmesg -T [Tue Nov 24 20:03:01 2026], -H [Nov24 20:03] [  +0.000010], -d [<    0.000010>]
WALL_STAMP = lazy(rf"\[(?P<wall>{WALL}|[A-Z]\w{{2,4}} ?\d{{1,2}} \d\d:\d\d| *\+\d{{1,9}}\.\d{{1,9}}|< *\+?\d{{1,9}}\.\d{{1,9}}>)\] ?")
# dmesg -T in any language, [五 10月 10 08:00:01 2025]: a bracket with a time of day and a year, whatever words stand beside them.
_DATED = r"\[(?=[^\[\]]{0,56}\d:\d\d:\d\d)(?=[^\[\]]{0,56}(?<!\d)[12]\d{3}(?!\d))(?P<wall>[^\[\]]{12,64})\] ?"
DATED_STAMP = lazy(_DATED)
# What is left where a stamp lost its head, or where a writer put a placeholder.
HEADLESS = lazy(r"[\d. ]{0,16}\d{3,6}\](?: ?\[ *([TC]\d{1,9})\])? (?=\S)|\.?\d{3,6}\] (?=\S)")
PLACEHOLDER = lazy(r"\[ ?(?:\.{2,}|…|[xX]+(?:\.[xX]+)?|[tT][sS]|timestamp) ?\] ?(?=\S)")
TAILLESS = lazy(r"\[ *\d{0,9}(?:\.\d{0,9})?$")
LEVEL = lazy(r"<(\d{1,3})>(?:\[ *([TC]\d{1,9})\] ?)?")
DECODED_LEVEL = lazy(rf"(?:({'|'.join(FACILITIES)}|local\d) *: *)({'|'.join(SHORT)}) *: ?")
# The rest of a syslog or journal line behind the time: host name, then the program with an optional pid.
ORIGIN = lazy(r"(?:(?P<host>[\w.:-]{0,254}[\w.-]) )?(?:\w{1,8}\.\w{1,8} )?(?P<program>[\w@.\\/()-]{1,128})(?P<pid>\[\d{1,9}\])?: ")
# The month in the language of the machine that wrote it: août, сен, 9月.
_LOCAL = r"(?:[^\W\d_][\w.]{1,11}|\d{1,2}\w) +\d{1,2} +\d\d:\d\d:\d\d"
SYSLOG = lazy(rf"(?:<(?P<pri>\d{{1,3}})>)?(?P<wall>{WALL}|{_LOCAL}) (?:std(?:out|err) [FP] )?")
RFC5424 = lazy(
    r"<(?P<pri>\d{1,3})>1 (?P<wall>\S{1,64}) (?P<host>\S{1,255}) (?P<program>\S{1,48}) \S{1,128} \S{1,32} (?:-|(?:\[[^\]]{0,1024}\])+) ?"
)


class Prefix(NamedTuple):
    """What the prefix of a line says; `end` is where the message begins."""

    end: int
    time_ns: int | None = None
    level: int | None = None
    facility: int | None = None
    caller: str | None = None
    wall: str | None = None
    host: str | None = None
    program: str | None = None


def nanoseconds(seconds: str, fraction: str) -> int:
    """Return the time of a stamp's two halves, as in 5.500031."""
    return int(seconds) * 1_000_000_000 + int(fraction.ljust(9, "0"))


def priority(number: str | None) -> tuple[int | None, int | None]:
    """Split the N of `<N>` into level and facility."""
    return (None, None) if number is None else (int(number) & 7, int(number) >> 3)


def outer_prefix(line: str) -> Prefix | None:
    """Read what loggers put before a kernel line.

    Accepted form: any of `<N>`, `kern  :info  : `, a wall-clock time, a host name and `kernel: `,
    as syslog, journalctl and dmesg -x write them.

    >>> outer_prefix("kern  :err   : virt/tdx: module initialization failed (-5)")[:3]
    (15, None, 3)
    """
    found = _level_prefix(line) or _logger_prefix(line)
    if found is None and line.startswith("kernel: "):
        return Prefix(8, program="kernel")
    if found is None and (bracketed := wall_stamp(line)) is not None and bracketed.end() == len(line):
        return Prefix(bracketed.end(), wall=bracketed["wall"].strip())
    return found


def wall_stamp(line: str, start: int = 0) -> re.Match[str] | None:
    """Find the bracket with a time by the clock on the wall, in whatever language it was printed."""
    return WALL_STAMP.match(line, start) or DATED_STAMP.match(line, start)


def _level_prefix(line: str) -> Prefix | None:
    decoded = DECODED_LEVEL.match(line)
    if decoded is not None:
        facility = FACILITIES.index(decoded[1]) if decoded[1] in FACILITIES else 16 + int(decoded[1][-1])
        return Prefix(decoded.end(), level=SHORT.index(decoded[2]), facility=facility)
    plain = LEVEL.match(line)
    if plain is None or SYSLOG.match(line) or RFC5424.match(line):
        return None
    return Prefix(plain.end(), None, *priority(plain[1]), plain[2])


def _logger_prefix(line: str) -> Prefix | None:
    found = RFC5424.match(line) or SYSLOG.match(line)
    if found is None:
        return None
    level, facility = priority(found["pri"])
    if found.re is RFC5424:
        return Prefix(found.end(), None, level, facility, None, found["wall"], found["host"], found["program"])
    origin = ORIGIN.match(line, found.end())
    # Only classic syslog always names a program; behind other times two words and a colon may be the message itself.
    if origin is None or not (origin["program"] == "kernel" or origin["pid"] or found["wall"][0].isalpha()):
        return Prefix(found.end(), None, level, facility, None, found["wall"])
    end = origin.end() if origin["program"] == "kernel" else origin.start("program")
    return Prefix(end, None, level, facility, None, found["wall"], origin["host"], origin["program"])
