"""A diagnosis as text for a terminal. Built by hand, not by Jinja2, whose import alone would take half of the start-up budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tdxwhy.explain.logs import LogReport
from tdxwhy.explain.nouns import Diagnosis
from tdxwhy.hints import TYPE_CHECKING
from tdxwhy.know.offline import offline
from tdxwhy.lazy import lazy
from tdxwhy.ranges import counted, ranges
from tdxwhy.records import Evidence, Finding, Loss, Topology
from tdxwhy.report.terminal import Painter, safe

if TYPE_CHECKING:
    from tdxwhy.incident.nouns import Incident

_PAINT = {"initialized": "good", "failed": "bad"}
_LABEL = 12
# What a command that is to be pasted begins with.
_COMMAND = lazy(
    r"(?:^|[:,(] |\b(?:and|or|then) )(?:sudo |cat |cpuid |curl |daxctl |dmesg|dmidecode|dpkg |echo |find |grep |journalctl|kubectl |ls "
    r"|lscpu|lsmod|modinfo |modprobe |openssl |ps |qemu-|rdmsr |rpm |ss |stat |systemctl |tail |tdxwhy |uname|virsh |zgrep )"
)
# A command stands on one line, however long, to be pasted as it is.
_TYPED = "  $ "


def heading(report: LogReport, paint: Painter) -> str:
    """Return the line that names the log, its kernel and its module."""
    decisive = report.judged.diagnosis
    boots = f"boot {report.decisive + 1} of {len(report.boots)}" if len(report.boots) > 1 else ""
    module = f"TDX module {decisive.module}" if decisive.module else ""
    return paint("quiet", safe(" · ".join(part for part in (report.source, boots, decisive.kernel, module) if part))) + "\n"


def losses(lost: Sequence[Loss], paint: Painter) -> str:
    """Return what could not be read, a line each."""
    return "".join(paint("quiet", f"  not read: {lost_line(loss)}") + "\n" for loss in lost)


def lost_line(loss: Loss) -> str:
    """Return one loss in words."""
    return safe(loss.told())


def render(diagnosis: Diagnosis, findings: Sequence[Finding], columns: int, paint: Painter) -> str:
    """Return the report of one boot, lines of at most `columns` columns but for quoted log lines and commands."""
    lines = wrap(safe(diagnosis.reason), columns, "  ")
    lines = [paint(_PAINT.get(diagnosis.outcome, "unsure"), line) for line in lines]
    for label, blocks in _sections(diagnosis, findings, columns - _LABEL - 2):
        for index, block in enumerate(blocks):
            head = paint("quiet", f"{label:<{_LABEL}}") if index == 0 else " " * _LABEL
            lines.append(f"  {head}{block}")
    return "\n".join(lines) + "\n"


def brief(diagnosis: Diagnosis, incidents: Sequence[Incident] = ()) -> str:
    """Return one stable line for grep: key=value fields in a fixed order, "-" where nothing is known."""
    call = diagnosis.seamcall
    status = f"0x{call.status:016x}" if call and call.status is not None else None
    fields = {
        "outcome": diagnosis.outcome,
        "role": diagnosis.role,
        "steps": ",".join(diagnosis.steps),
        "leaf": call.name if call else None,
        "status": status,
        "status_name": call.status_name if call else None,
        "cause": diagnosis.causes[0].id if diagnosis.causes else None,
        "packages": ranges(diagnosis.packages).replace(" ", ""),
        "cpus": ranges(diagnosis.cpus).replace(" ", ""),
        "kernel": diagnosis.kernel,
        "source": diagnosis.source,
        "incidents": ",".join(f"{one.stage}:{one.causes[0] if one.causes else 'unknown'}" for one in incidents),
    }
    return " ".join(f"{key}={safe(value).replace(' ', '_') if value else '-'}" for key, value in fields.items()) + "\n"


def wrap(text: str, columns: int, indent: str = "") -> list[str]:
    """Break text between words, later lines indented. The library's textwrap costs more to import than all of this report."""
    lead = text[: len(text) - len(text.lstrip())]
    lines: list[str] = []
    line = lead
    for word in text.split():
        if line.strip() and len(line) + 1 + len(word) > columns:
            lines.append(line)
            line = indent
        line += word if not line.strip() else f" {word}"
    return [*lines, line] if line.strip() else lines


def unbroken(text: str, columns: int) -> list[str]:
    """Break text between words, but for one that holds a command, which is to be pasted as it is."""
    return [safe(text)] if _COMMAND.search(text) else wrap(safe(text), columns, "  ")


def _sections(diagnosis: Diagnosis, findings: Sequence[Finding], columns: int) -> Iterator[tuple[str, list[str]]]:
    def wrapped(text: str, indent: str = "") -> list[str]:
        return wrap(safe(text), max(columns, 30), indent)

    yield (
        "on the way" if diagnosis.outcome == "initialized" else "status",
        [line for text in _status(diagnosis) for line in wrapped(text, "  ")],
    )
    yield "causes" if len(diagnosis.causes) > 1 else "cause", [line for text in _causes(diagnosis) for line in wrapped(text, "  ")]
    yield "packages", [line for text in packages(diagnosis.topology) for line in wrapped(text, "  ")]
    yield "next", [line for text in _actions(diagnosis) for line in (wrapped(text, "  ") if not text.startswith(_TYPED) else [safe(text)])]
    yield "open", [line for text in diagnosis.settles for line in unbroken(text, max(columns, 30))]
    if diagnosis.sentence:
        yield "should say", wrapped(diagnosis.sentence)
    yield "note", [line for note in diagnosis.notes for line in wrapped(note.text, "  ")]
    yield "evidence", [quoted(evidence) for evidence in diagnosis.evidence]
    rules = sorted({finding.rule for finding in findings})
    if rules:
        yield (
            "messages",
            wrapped(f"{counted(len(findings), 'finding')} on what they leave out: {', '.join(rules)} (tdxwhy rule {rules[0]})", "  "),
        )


def _status(diagnosis: Diagnosis) -> Iterator[str]:
    call = diagnosis.seamcall
    if call is None:
        return
    where = f" on CPU {call.cpu}" if call.cpu is not None else ""
    value = f"0x{call.status:016x}" if call.status is not None else ""
    yield f"{call.name}{where}: {' '.join(filter(None, (value, call.status_name))) or 'the log does not show its status'}"
    if call.detail:
        yield call.detail


def _causes(diagnosis: Diagnosis) -> Iterator[str]:
    for number, cause in enumerate(diagnosis.causes):
        yield f"{cause.id}: {cause.why if number == 0 and cause.why else cause.title}"


def _actions(diagnosis: Diagnosis) -> Iterator[str]:
    for action in diagnosis.actions:
        yield action.text
        if action.command:
            yield f"{_TYPED}{action.command}"


def packages(topology: Topology) -> Iterator[str]:
    """Yield what is known of packages and CPUs: the counts, then each package that is not wholly online."""
    online = _online(topology)
    if topology.package_count is not None or online is not None:
        known = counted(topology.package_count, "package") if topology.package_count is not None else "packages not counted"
        total = "" if topology.cpu_count is None else f" of {topology.cpu_count}"
        yield known + ("" if online is None else f", {online}{total} CPUs online")
    yield from _each(topology)


def _each(topology: Topology) -> Iterator[str]:
    guess = offline(topology).guess
    for package in topology.packages:
        missing = sorted(set(package.cpus) - set(package.online))
        if missing:
            name = "package unknown" if package.id is None else f"package {package.id}"
            left = "no online CPU" if package.lost else f"{counted(len(package.online), 'CPU')} online"
            yield f"{name}: {left}; not online: {ranges(missing)}" + (f" ({package.known})" if package.known != "stated" else "")
    if guess:
        yield f"a gap in the ids suggests package{'s' if len(guess) > 1 else ''} {ranges(guess)} and proves nothing"


def _online(topology: Topology) -> int | None:
    """Return how many CPUs are online in the end, where every CPU is known; else how many came up."""
    if topology.cpus and len(topology.cpus) == topology.cpu_count:
        return sum(cpu.presence == "online" for cpu in topology.cpus)
    return topology.online_count


def quoted(evidence: Evidence) -> str:
    """Return a quote with its line number, such as "line 46  virt/tdx: ..."."""
    line = f"line {evidence.place.line}" if evidence.place.line is not None else evidence.place.source
    if evidence.place.offset is not None:
        line = f"byte {evidence.place.offset}"
    return f"{safe(line)}  {safe(evidence.quote)}"
