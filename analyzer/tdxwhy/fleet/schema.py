"""The tables of the store, their columns and what each means. `SCHEMA` changes whenever a column or the manifest does."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from tdxwhy.noun import NamedTuple

if TYPE_CHECKING:
    from arro3.core import DataType, Schema

SCHEMA = "tdxwhy/fleet/4"


class Column(NamedTuple):
    """One column: its name, its Arrow type by name, and what it says."""

    name: str
    type: str
    meaning: str


BOOTS = (
    Column("boot", "int64", "key of the boot: equal for every copy of the same boot's log"),
    Column("host", "string", "host name, from the journal, the log's prefix, the path or --host"),
    Column("boot_id", "string", "the kernel's boot id, where the log gives it"),
    Column("started", "timestamp[ms]", "when the kernel started, UTC; null where nothing in the log or the path tells"),
    Column("source", "string", "the input it came from, as named on the command line, with `!` before a member of an archive"),
    Column("role", "string", "host, guest, other or unknown"),
    Column("outcome", "string", "initialized, failed, not-attempted, disabled-by-bios or unknown"),
    Column("step", "string", "the first step at which it may have failed"),
    Column("steps", "list<string>", "every step at which it may have failed"),
    Column("cause", "string", "the likeliest cause"),
    Column("causes", "list<string>", "causes, likeliest first"),
    Column("leaf", "string", "the SEAMCALL that failed"),
    Column("status", "string", "its status in hexadecimal"),
    Column("status_name", "string", "its status by name"),
    Column("packages", "list<int32>", "packages that the cause blames"),
    Column("cpus", "list<int32>", "CPUs that the cause blames"),
    Column("sentence", "string", "what the kernel should have printed"),
    Column("asked", "bool", "whether somebody asked this host for TDX; null where the log cannot tell"),
    Column("kernel", "string", "kernel release"),
    Column("module", "string", "version of the TDX module"),
    Column("generation", "string", "the design of the host's TDX code that prints these lines"),
    Column("board", "string", "system and board, from the DMI line"),
    Column("firmware", "string", "BIOS version, from the DMI line"),
    Column("firmware_date", "string", "BIOS date as printed, from the DMI line"),
    Column("cpu_model", "string", "name of the first CPU"),
    Column("command_line", "string", "the kernel's command line"),
    Column("attempts", "int32", "attempts to initialise"),
    Column("events", "int32", "events kept in the table of that name"),
    Column("findings", "int32", "findings of the rules"),
    Column("head_cut", "bool", "the log does not begin where the boot does"),
    Column("tail_cut", "bool", "the log was torn off"),
    Column("gaps", "bool", "lines are missing in between"),
)

ATTEMPTS = (
    Column("boot", "int64", "key of the boot"),
    Column("number", "int32", "1 for the boot's first attempt"),
    Column("outcome", "string", "initialized, failed or unknown"),
    Column("step", "string", "the step that the telling line names"),
    Column("leaf", "string", "the SEAMCALL that failed"),
    Column("status", "string", "its status in hexadecimal"),
    Column("errno", "int32", "the errno that the closing line prints"),
    Column("began_ns", "int64", "time of its first event since boot"),
    Column("ended_ns", "int64", "time of its last event since boot"),
)

EVENTS = (
    Column("boot", "int64", "key of the boot"),
    Column("kernel", "string", "the boot's kernel release, here too so that the commonest questions need no join"),
    Column("time_ns", "int64", "time since boot"),
    Column("form", "string", "the message form; null for a wording that no form matches"),
    Column("kind", "string", "host, loader, kvm, runtime, guest, fault, report, boot, platform, topology; that of the nearest form else"),
    Column("outcome", "string", "what the message says: success, failure, refusal, warning, progress, detail"),
    Column("step", "string", "the step of initialisation that it speaks of"),
    Column("leaf", "string", "SEAMCALL leaf"),
    Column("status", "string", "SEAMCALL status in hexadecimal"),
    Column("cpu", "int32", "the CPU that it names"),
    Column("package", "int32", "the package that it names"),
    Column("text", "string", "the message"),
)

FINDINGS = (
    Column("boot", "int64", "key of the boot"),
    Column("rule", "string", "the rule's id"),
    Column("severity", "string", "error, warning or info"),
    Column("message", "string", "the finding in words"),
    Column("package", "int32", "the package that it is about"),
    Column("cpu", "int32", "the CPU that it is about"),
    Column("fingerprint", "string", "equal for the same complaint about the same line, whatever the time and the boot"),
    Column("quote", "string", "the line that carries it"),
)

INCIDENTS = (
    Column("boot", "int64", "key of the boot"),
    Column("stage", "string", "the stage of a TD's life or of the host: td-create, td-run, td-quote, cpu-hotplug, module-update ..."),
    Column("component", "string", "who printed the line that it rests on"),
    Column("cause", "string", "the likeliest cause"),
    Column("causes", "list<string>", "all causes that fit, best first"),
    Column("leaf", "string", "the SEAMCALL that failed"),
    Column("status", "string", "its status in hexadecimal"),
    Column("errno", "int32", "the errno of the operation"),
    Column("packages", "list<int32>", "the packages that it concerns"),
    Column("cpus", "list<int32>", "the CPUs that it concerns"),
    Column("keyids", "list<int32>", "the KeyIDs that are lost"),
    Column("count", "int32", "how often it was seen in the boot"),
    Column("sentence", "string", "what should have been said"),
    Column("quote", "string", "the line that carries it"),
)

SOURCES = (
    Column("digest", "string", "xxh3-128 of the source's bytes as they lie there: what has it is known"),
    Column("name", "string", "the source as named on the command line"),
    Column("size", "int64", "how many bytes that are"),
    Column("tag", "string", "an object's ETag: where name and tag are known it is not fetched; null of other sources"),
    Column("boots", "int32", "boots in it"),
    Column("lost", "int32", "pieces of it that could not be used"),
    Column("losses", "list<string>", "why, each reason once"),
)

# What is about boots, and with the sources all that a part holds.
ABOUT_BOOTS = {"boots": BOOTS, "attempts": ATTEMPTS, "events": EVENTS, "findings": FINDINGS, "incidents": INCIDENTS}
TABLES = {**ABOUT_BOOTS, "sources": SOURCES}


@cache
def arrow_schema(table: str) -> Schema:
    """Return the Arrow schema of one table."""
    from arro3.core import Field, Schema

    return Schema([Field(column.name, arrow_type(column.type)) for column in TABLES[table]])


@cache
def arrow_type(name: str) -> DataType:
    """Return the Arrow type that a column names."""
    from arro3.core import DataType, Field

    if name.startswith("list<"):
        return DataType.list(Field("element", arrow_type(name[5:-1])))
    if name.startswith("timestamp"):
        return DataType.timestamp("ms")
    made: DataType = getattr(DataType, name)()
    return made
