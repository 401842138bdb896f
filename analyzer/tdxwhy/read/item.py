"""What lines of a log are read into: records, and marks of what stands between them."""

from typing import Literal, NamedTuple

from tdxwhy.records import LogRecord

Kind = Literal["blank", "fence", "prompt", "gap", "boot"]


class Mark(NamedTuple):
    """A line that is no record.

    "gap": the writer left lines out; "prompt": a command was typed, with `value` "filter" where it picks lines;
    "boot": another boot begins, with its id in `value` where there is one.
    """

    kind: Kind
    line: int
    value: str = ""


Item = LogRecord | Mark
# How extended netconsole marks the pieces of a record that is too long for a packet.
FRAGMENT = ",ncfrag="
