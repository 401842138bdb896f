"""`tdxwhy log`: why TDX did not come up."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from io import BytesIO

from tdxwhy import collector
from tdxwhy.check.logs import report_of
from tdxwhy.cli.complaints import complain, complain_of
from tdxwhy.cli.inputs import STDIN, THIS_MACHINE, Copies, LogInput, inputs, named_or_waiting, sidecar_of
from tdxwhy.errors import TdxwhyError
from tdxwhy.explain.logs import LogReport
from tdxwhy.explain.speaking import Speaking
from tdxwhy.explain.wanted import Wanted
from tdxwhy.hints import TYPE_CHECKING
from tdxwhy.ranges import counted
from tdxwhy.read.boots import holds_kernel_lines
from tdxwhy.read.log import LogReader, read_boots
from tdxwhy.records import Topology
from tdxwhy.report.log_formats import FORMATS, Reported, render

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

_UNHEEDED = {
    "compare": ("topology", "follow", "all_boots"),
    "follow": ("brief", "unrecognised", "all_boots", "expect", "output"),
}


def parser() -> ArgumentParser:
    """Return the arguments of `tdxwhy log`."""
    from tdxwhy.cli.parsing import Parser

    made = Parser(
        prog="tdxwhy log",
        description="Say why TDX did not come up, from kernel logs in any form. Without FILE: a pipe, or this machine's own log.",
    )
    made.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="a kernel log, compressed or not, a folder or zip of them, a bundle of `tdxwhy collect`, or - for stdin",
    )
    made.add_argument("--format", choices=(*FORMATS, "journal"), default="text", help="how to print the report; journal with --follow")
    made.add_argument(
        "--topology", metavar="FILE", help="output of lscpu -J -e, a copy of /sys/devices/system/cpu, or an unpacked sosreport"
    )
    made.add_argument(
        "--follow",
        action="store_true",
        help="go on reading (/dev/kmsg without FILE) and tell what changes; json: a line each; journal: an entry each",
    )
    made.add_argument(
        "--fail-on",
        choices=["both", "init", "incident", "never"],
        default="both",
        help="which failures make the exit status 1: of initialisation, of what came after it, both or none",
    )
    made.add_argument("--expect", choices=["initialized"], help="exit 1 unless TDX came up and nothing went wrong after that")
    made.add_argument("--all-boots", action="store_true", help="report every boot, not only the one that decides")
    shape = made.add_mutually_exclusive_group()
    shape.add_argument("--brief", action="store_true", help="one stable line a boot, for grep")
    shape.add_argument("--compare", action="store_true", help="two FILEs, a good boot and a bad one: where they part, what else changed")
    shape.add_argument("--unrecognised", action="store_true", help="list the TDX lines that no known form matches, ready to become rows")
    return made


def run(args: Namespace) -> int:
    """Report on each file; the exit status is the worst of them: unreadable, failed, nothing to judge, clean."""
    _refuse_together(args)
    if args.compare:
        return _compare(args)
    reports: list[LogReport] = []
    complaints: list[TdxwhyError] = []
    unread: list[tuple[str, str]] = []
    sidecar = sidecar_of(args.topology)
    if args.follow:
        from tdxwhy.cli import follow

        return follow.run(args, sidecar)
    collector.pause()
    names = named_or_waiting(args.files)
    several = len(names) != 1 or names == [THIS_MACHINE]
    copies, not_logs = Copies(), 0
    lost: list[TdxwhyError] = []
    for one in _once(names, copies, lost):
        try:
            found = read_report(one, sidecar, args.all_boots or args.unrecognised, several)
        except TdxwhyError as error:
            if not one.sought or error.exit_status == 2:
                complaints.append(error)
                unread.append((one.name, error.message))
            not_logs += one.sought and error.exit_status != 2
            continue
        if one.sought and not _is_of_use(found):
            not_logs += 1
        else:
            reports.append(found)
    if several and reports:
        reports = _joined(reports)
    wanted = Wanted(args.fail_on, args.expect is not None)
    _write(Reported(reports, unread, wanted, args.all_boots), args)
    complain_of(complaints, "inputs not read")
    complain_of(lost, "files of archives not read")
    _say_left_out(copies.count, not_logs)
    return _status(wanted.status(reports), complaints if reports else [*complaints, *lost])


def _once(names: Sequence[str], copies: Copies, lost: list[TdxwhyError]) -> Iterator[LogInput]:
    """Yield what is to be read, copies of what was found left out; what is lost of an archive is kept aside."""
    for one in inputs(names):
        if one.trouble:
            lost.append(TdxwhyError(f"{one.name}: {one.trouble}"))
        if not one.sought or (one.source is not None and not copies.has(one)):
            yield one


def _status(told: int, complaints: Sequence[TdxwhyError]) -> int:
    """Return 2 where a named input could not be read, and no 0 where one was no log."""
    return 2 if any(error.exit_status == 2 for error in complaints) else told or (3 if complaints else 0)


def _joined(reports: list[LogReport]) -> list[LogReport]:
    """Join the files of one case; those of this machine's programs, too, where it is this machine's log."""
    from tdxwhy.explain.case_files import joined

    if reports[0].source != THIS_MACHINE:
        return joined(reports)
    from tdxwhy.read.host.programs import own_programs

    found, missing = own_programs()
    complain_of(missing, "sources not read")
    return joined(reports, found)


def _is_of_use(found: LogReport) -> bool:
    """Tell whether a file that nobody named holds anything to report: the answers of commands beside a log are none."""
    settled = found.judged.diagnosis.outcome not in ("unknown", "not-attempted")
    return settled or bool(found.incidents) or any(holds_kernel_lines(judged.records) for judged in found.boots)


def _say_left_out(copies: int, not_logs: int) -> None:
    if copies:
        complain(f"{counted(copies, 'copy', 'copies')} of a log left out")
    if not_logs:
        complain(f"{counted(not_logs, 'file')} without a line of a kernel log left out")


def _refuse_together(args: Namespace) -> None:
    """Refuse options that would go unheeded beside another one."""
    for one, others in _UNHEEDED.items():
        for other in others:
            if getattr(args, one) and getattr(args, other):
                raise TdxwhyError(f"--{one} takes no --{other.replace('_', '-')}", "tdxwhy log --help")
    if args.format == "journal" and not args.follow:
        raise TdxwhyError("--format journal goes with --follow", "tdxwhy log --help")
    if args.format != "text" and (args.brief or args.unrecognised):
        raise TdxwhyError(f"--{'brief' if args.brief else 'unrecognised'} prints text only", "leave --format out")


def read_report(one: LogInput | str, sidecar: Topology | None = None, hold: bool = False, joined: bool = False) -> LogReport:
    """Read one log and diagnose every boot in it, with the CPUs that the sidecar lists, or else the archive with the log.

    `joined`: its lines are kept, as those of other files will be read beside them.
    """
    name, source = (one, None) if isinstance(one, str) else one[:2]
    reader = _reader(name) if source is None else read_boots(source, name, sought=Speaking())
    return report_of(reader, sidecar, hold, joined)


def _compare(args: Namespace) -> int:
    if len(args.files) != 2 or args.format not in ("text", "json"):
        raise TdxwhyError("--compare takes two logs, and text or json", "tdxwhy log --compare GOOD BAD")
    from tdxwhy.explain.compare import compare
    from tdxwhy.report.compare_text import as_json, render

    good, bad = (read_report(name) for name in args.files)
    found = compare(good.judged, bad.judged, (good.incidents, bad.incidents))
    sys.stdout.write(json.dumps(as_json(found), indent=2) + "\n" if args.format == "json" else render(found))
    return Wanted(args.fail_on, args.expect is not None).status([good, bad])


def _reader(name: str) -> LogReader:
    if name == THIS_MACHINE:
        from tdxwhy.read.host.collect import own_log, own_topology

        reader = read_boots(BytesIO(own_log().encode()), name, sought=Speaking())
        # A container may hide /sys; the log is judged all the same.
        with suppress(OSError):
            reader.topology = own_topology()
        return reader
    return read_boots(sys.stdin.buffer if name == STDIN else name, "stdin" if name == STDIN else name, sought=Speaking())


def _write(told: Reported, args: Namespace) -> None:
    if args.unrecognised:
        from tdxwhy.report.unrecognised import rows

        for found in told.reports:
            sys.stdout.writelines(rows([event for one in found.boots for event in one.diagnosis.events]))
    elif args.brief:
        sys.stdout.writelines(_brief(told.reports))
    elif args.format == "text":
        sys.stdout.writelines(_text(told))
    else:
        sys.stdout.write(render(told, args.format))


def _brief(reports: Sequence[LogReport]) -> Iterator[str]:
    from tdxwhy.report.log_text import brief, lost_line

    for found in reports:
        complain_of([f"{found.source}: not read: {lost_line(loss)}" for loss in found.losses], f"losses in {found.source}")
    yield from (brief(one.diagnosis, found.incidents if one is found.judged else ()) for found in reports for one in found.boots)


def _text(told: Reported) -> Iterator[str]:
    from tdxwhy.report.log_whole import whole
    from tdxwhy.report.terminal import painter, width

    columns, paint = width(sys.stdout), painter()
    for number, found in enumerate(told.reports):
        yield "\n" if number else ""
        yield from whole(found, told.every, columns, paint)
