"""What the whole log tells beside its TDX lines: kernel, module, command line, request, and facts that causes ask for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tdxwhy.explain.beside import answers_to, facts_beside
from tdxwhy.explain.command_line import misspelt, request, telling_words
from tdxwhy.explain.nouns import GOES_ON_NS, Note, TdxRequest, Word
from tdxwhy.know import tables
from tdxwhy.know.offline import offline
from tdxwhy.know.rows import Asks, FoundBy
from tdxwhy.lazy import lazy
from tdxwhy.noun import NamedTuple
from tdxwhy.records import QUOTE, BootRecords, Event, Evidence, LogRecord, Topology, is_offline

# Accepted form: "Linux HOST 6.8.0-15-generic #15 SMP ...", with or without the first two words.
_UNAME = lazy(r"(?:Linux \S{1,256} )?(\d{1,5}\.\d{1,5}\.\d{1,5}\S{0,200}) #\d\S{0,64} .{0,200}\bSMP\b")
_PARAMETER_FILE = "kvm_intel/parameters/tdx"
_ROOT = lazy(r"^(?:\w{1,64}=\S{1,256} ){0,64}root=\S{1,256} ")
_RELEASE = lazy(r"(?:^|\s)(\d{1,4}\.\d{1,4}\.\d{1,5}\S{0,80})(?!\S)")
_IMAGE = lazy(r"\bBOOT_IMAGE=\S{0,250}?vmlinuz-(\d\S*)")
TRACE = lazy(r"\b([a-z_][a-z0-9_]{0,127})(?:\.[a-z0-9.]{1,64})?\+0x[0-9a-fX*]{1,16}/0x")


class BootFacts(NamedTuple):
    """What is known of one boot. `named` are the facts that causes ask for, each with its evidence.

    `asks`: who starts initialisation in the designs that print these lines.
    `faulted` is the step in which the kernel faulted, as far as the trace tells.
    """

    kernel: str | None
    module: str | None
    command_line: str | None
    generation: str | None
    asks: frozenset[Asks]
    request: TdxRequest
    notes: tuple[Note, ...]
    named: dict[str, tuple[Evidence, ...]]
    faulted: tuple[str, ...] = ()
    words: tuple[Word, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Return the facts that hold."""
        return frozenset(self.named)


def gather(boot: BootRecords, events: Sequence[Event], topology: Topology) -> BootFacts:
    """Collect the facts of one boot."""
    line = _last(events, "command_line") or _shown_command_line(boot)
    command_line = str(line.values["command_line"]) if line else None
    asked = request(command_line, tables.parameters(), line)
    if asked.asked is None:
        asked = _parameter_file(boot.records) or asked
    notes = tuple(misspelt(command_line, tables.parameters(), line)) if command_line and line else ()
    fault, faulted = _fault(boot, events)
    designs = printing(events)
    beside = facts_beside(boot)
    words = tuple(telling_words(command_line, tables.parameters(), line, topology.online_count)) if command_line and line else ()
    named = {
        **_missing(topology),
        **_all_online(topology, words),
        **{word.fact: tuple(one.evidence for one in words if one.fact == word.fact) for word in words},
        tables.fact_found_by("misspelt").id: tuple(evidence for note in notes for evidence in note.evidence),
        tables.fact_found_by("trace").id: fault,
        **beside,
    }
    for event in events:
        if fact := _stated(event):
            named[fact] = (*named.get(fact, ()), evidence_of(event))
    return BootFacts(
        _kernel(boot, events, command_line),
        _module(events),
        command_line,
        next(iter(designs)) if len(designs) == 1 else None,
        frozenset(one.asks for one in tables.generations() if not designs or one.id in designs),
        asked,
        notes,
        {name: found for name, found in named.items() if found},
        faulted,
        words,
    )


def evidence_of(event: Event) -> Evidence:
    """Quote the event's line."""
    return Evidence(event.record.place, event.record.text[:QUOTE])


def goes_on(boot: BootRecords, event: Event) -> bool:
    """Tell whether the log goes on after an event for long enough that a silence means something."""
    if boot.tail_cut or boot.last is None:
        return False
    if boot.last.time_ns is None or event.record.time_ns is None:
        return False
    return boot.last.time_ns - event.record.time_ns >= GOES_ON_NS


def printing(events: Iterable[Event]) -> frozenset[str]:
    """Return the generations that print all these lines, as far as one prints them all; empty where no line tells.

    Recognised by what is printed, never by the version: distributions backport.
    """
    left: frozenset[str] = frozenset()
    for event in events:
        if event.form is None or event.form.kind not in ("host", "loader"):
            continue
        designs = tables.generations_of(event.form)
        if designs:
            left = left & designs or left or designs
    return left


def _last(events: Sequence[Event], value: str) -> Event | None:
    return next((event for event in reversed(events) if value in event.values), None)


def _shown_command_line(boot: BootRecords) -> Event | None:
    """Return the command line as somebody's `cat /proc/cmdline` shows it beside the log."""
    for record in (*answers_to(boot, "/proc/cmdline"), *boot.records):
        if record.time_ns is None and (record.text.startswith("BOOT_IMAGE=") or _ROOT.search(record.text)) and " " in record.text:
            return Event(None, {"command_line": record.text}, record, "partial")
    return None


def _parameter_file(records: Sequence[LogRecord]) -> TdxRequest | None:
    """Return what /sys/module/kvm_intel/parameters/tdx said, shown on the same line or on the next one."""
    for record, after in zip(records, (*records[1:], None), strict=True):
        if _PARAMETER_FILE not in record.text:
            continue
        shown = record.text.rpartition(_PARAMETER_FILE)[2].strip(" :=\"'`") or (after.text.strip() if after is not None else "")
        if shown in ("Y", "N", "1", "0"):
            return TdxRequest(shown in ("Y", "1"), (Evidence((after or record).place, f"{_PARAMETER_FILE}: {shown}"),))
    return None


def _kernel(boot: BootRecords, events: Sequence[Event], command_line: str | None) -> str | None:
    """Return the kernel's release, by its banner, by a `uname -a` beside the log, or by the image that the boot loader took."""
    banner = _last(events, "release")
    if banner is not None:
        return str(banner.values["release"]).split(" ", 1)[0]
    found = (_RELEASE.search(record.text) for record in answers_to(boot, "uname"))
    told = next((match[1] for match in found if match), None)
    if told is not None:
        return told
    found = (_UNAME.match(record.text) for record in boot.records if record.time_ns is None)
    told = next((match[1] for match in found if match), None)
    if told is None and command_line:
        image = _IMAGE.search(command_line)
        told = image[1] if image else None
    return told


def _module(events: Sequence[Event]) -> str | None:
    event = _last(events, "major_version")
    if event is None:
        return None
    values = event.values
    version = f"{values['major_version']}.{values.get('minor_version', '?')}"
    if "update_version" in values:
        version += f".{values['update_version']:02}"
    if values.get("build_num"):
        version += f" build {values['build_num']}"
    return version


def _stated(event: Event) -> str:
    """Return the fact that a line states: its form's own, or the other one, if it has one, where its first number is not zero."""
    form = event.form
    if form is None or not form.fact:
        return ""
    return form.fact_otherwise if form.fact_otherwise and event.values.get(form.args[0]) else form.fact


def said_of(facts: BootFacts) -> Iterator[Note]:
    """Yield what is to be said of the facts themselves, beside the diagnosis."""
    for fact in tables.facts():
        if fact.note and not fact.settles and fact.id in facts.names:
            yield Note(fact.note, facts.named[fact.id][:1])


def _missing(topology: Topology) -> dict[str, tuple[Evidence, ...]]:
    """Return the facts on offline CPUs and packages, each with what says that the CPUs are offline."""
    evidence = {cpu.number: cpu.evidence[:1] for cpu in topology.cpus}
    gone = offline(topology)
    whose: dict[FoundBy, tuple[int, ...]] = {"packages": gone.package_cpus, "cpus": gone.cpus}
    return {tables.fact_found_by(word).id: tuple(one for cpu in cpus for one in evidence[cpu]) for word, cpus in whose.items()}


def _all_online(topology: Topology, words: Sequence[Word]) -> dict[str, tuple[Evidence, ...]]:
    """Return that every CPU came up, with the lines that count them; CPUs that a parameter hides are not counted."""
    whole = topology.cpu_count is not None and topology.cpu_count == topology.online_count and not any(map(is_offline, topology.cpus))
    shown = tuple(dict.fromkeys(evidence for cpu in topology.cpus[:1] for evidence in cpu.evidence)) or topology.notes[:1]
    return {tables.fact_found_by("all-online").id: shown} if whole and not words else {}


def _fault(boot: BootRecords, events: Sequence[Event]) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
    """Return the oops with the line of its trace that lies inside initialisation, and the step that the innermost such line names."""
    oops = next((event for event in events if event.form and event.form.kind == "fault" and event.form.outcome == "failure"), None)
    if oops is None:
        return (), ()
    steps = tables.functions()
    entries = {form.function for form in tables.forms() if form.kind in ("host", "loader")}
    trace = ((record, found[1]) for record in _after(boot.records, oops.record) if (found := TRACE.search(record.text)))
    inside = [(record, function) for record, function in trace if function in steps or function in entries]
    if not inside:
        return (), ()
    evidence = (evidence_of(oops), Evidence(inside[0][0].place, inside[0][0].text))
    return evidence, tuple(steps[function] for _, function in inside if function in steps)[:1]


def _after(records: Sequence[LogRecord], first: LogRecord) -> Iterator[LogRecord]:
    seen = False
    for record in records:
        if seen:
            yield record
        seen = seen or record is first
