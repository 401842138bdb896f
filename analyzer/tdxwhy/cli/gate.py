"""tdxwhy gate PATH...: rules over logs, patches, mails, C files and commits, for CI, b4 and git hooks."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from tdxwhy.cli.complaints import complain, complain_of
from tdxwhy.cli.parsing import AnyOrder
from tdxwhy.errors import TdxwhyError
from tdxwhy.hints import TYPE_CHECKING
from tdxwhy.report.gate_formats import FORMATS, MACHINE

if TYPE_CHECKING:
    from tdxwhy.check.gate import Limits
    from tdxwhy.check.intake import Input
    from tdxwhy.check.judged import Run
    from tdxwhy.check.rules import Rule
    from tdxwhy.config import Settings

_DIFF_BYTES = 64 << 20
# b4 reads what it wants from standard output.
_FILES = tuple(name for name in MACHINE if name != "b4")


def parser() -> argparse.ArgumentParser:
    """Return the command's own parser."""
    made = AnyOrder(
        prog="tdxwhy gate",
        description="Judge kernel logs, patches, mboxes, maildirs, C files, trees and git ranges.",
        epilog="Exit: 0 clean, 1 findings at or above --fail-on, 2 usage or an input that could not be read, 3 nothing to judge.",
    )
    made.add_argument("paths", metavar="PATH", nargs="*", help="what to judge; - is standard input")
    made.add_argument("--range", metavar="BASE..HEAD", help="the commits of a git range")
    made.add_argument("--repo", metavar="DIR", type=Path, default=Path(), help="the repository of --range (default: that of this folder)")
    _add_output(made.add_argument_group("output"))
    _add_choice(made.add_argument_group("rules and findings"))
    return made


def _add_output(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--format", choices=FORMATS, default="text", help="what goes to standard output; full and terse are text too")
    for name in _FILES:
        group.add_argument(f"--{name}-output", metavar="FILE", type=Path, help=f"write {name} to FILE as well")
    group.add_argument("--show-suppressed", action="store_true", help="list what was suppressed, and why, on standard error")
    group.add_argument("--fix", action="store_true", help="print a patch with the proposed messages instead of the findings")
    group.add_argument("--no-summary", action="store_true", help="no closing line in text formats")
    group.add_argument("--quiet", action="store_true", help="no notes on standard error")
    group.add_argument("--statistics", action="store_true", help="how often each rule was found, on standard error")
    group.add_argument("--show-settings", action="store_true", help="print the settings that count here, and judge nothing")


def _add_choice(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--select", metavar="PREFIX", action="append", default=[], help="only rules whose id starts so")
    group.add_argument("--ignore", metavar="PREFIX", action="append", default=[], help="no rules whose id starts so")
    group.add_argument("--rules", metavar="DIR", type=Path, action="append", default=[], help="a folder of your own rules")
    group.add_argument(
        "--fail-on", choices=("error", "warning", "info", "never"), help="the least severity that exits 1 (default: warning)"
    )
    group.add_argument("--exit-zero", action="store_true", help="exit 0 whatever was found")
    group.add_argument("--allow-empty", action="store_true", help="exit 0 where there is nothing to judge, instead of 3")
    group.add_argument("--baseline", metavar="FILE", type=Path, help="findings that are known")
    group.add_argument("--write-baseline", metavar="FILE", type=Path, help="write the findings as a baseline; needs --reason")
    group.add_argument("--reason", metavar="TEXT", default="", help="why the findings of --write-baseline are accepted")
    group.add_argument("--diff", metavar="FILE", help="only findings on lines that this diff adds; - is standard input")
    group.add_argument(
        "--tree",
        metavar="DIR",
        help="a kernel tree: what a patch calls is looked up in it, and what users see before and after it is told (full, json)",
    )
    group.add_argument("--require-reason", action="store_true", help="suppressions without a reason do not count")
    group.add_argument("--config", metavar="FILE", type=Path, help="the settings to use instead of the nearest .tdxwhy.toml")
    group.add_argument("--isolated", action="store_true", help="no settings file at all")


def run(args: argparse.Namespace) -> int:
    """Judge, report, and return the exit status."""
    from tdxwhy.check.gate import gate
    from tdxwhy.check.judged import exit_status

    settings = _settings(args)
    if args.show_settings:
        return _show_settings(settings)
    rules = _rules(args, settings)
    found = gate(_inputs(args, settings), rules, settings, _limits(args, settings))
    if args.write_baseline:
        return _write_baseline(args, found)
    _report(args, found)
    if not args.quiet:
        _complain(found, args)
    if args.statistics:
        _count(found)
    status = exit_status(found, args.fail_on or settings.fail_on)
    return 0 if (args.exit_zero and status != 2) or (args.allow_empty and status == 3) else status


def _show_settings(settings: Settings) -> int:
    import json

    def plain(value: object) -> object:
        if isinstance(value, tuple):
            named: dict[str, object] | None = value._asdict() if hasattr(value, "_asdict") else None
            return [plain(one) for one in value] if named is None else {name.replace("_", "-"): plain(one) for name, one in named.items()}
        return value

    sys.stdout.write(json.dumps(plain(settings), indent=2) + "\n")
    return 0


def _count(found: Run) -> None:
    """Say how often each rule was found, the most frequent first."""
    from collections import Counter

    titles = {rule.id: rule.title for rule in found.rules}
    counts = sorted(Counter(finding.rule for finding in found.findings).items(), key=lambda one: (-one[1], one[0]))
    for rule, number in counts:
        complain(f"{number:5}  {rule}  {titles.get(rule, '')}".rstrip())


def _settings(args: argparse.Namespace) -> Settings:
    from tdxwhy.config import Settings, find, load

    path = args.config or (None if args.isolated else find(Path.cwd()))
    settings = load(path) if path else Settings()
    tree = args.tree or settings.tree
    if tree and not Path(tree).is_dir():
        raise TdxwhyError(f"{tree}: no such folder", "--tree wants the top of a kernel tree, or a folder of C files")
    return settings._replace(require_reason=settings.require_reason or args.require_reason, tree=tree)


def _rules(args: argparse.Namespace, settings: Settings) -> tuple[Rule, ...]:
    from tdxwhy.check.catalogue import in_force

    folders = (*(Path(one) for one in settings.rules), *args.rules)
    return in_force(folders, args.select or settings.select, [*settings.ignore, *args.ignore])


def _inputs(args: argparse.Namespace, settings: Settings) -> Iterator[Input | TdxwhyError]:
    from tdxwhy.check.intake import inputs, of_commits, of_stream

    if not args.paths and not args.range:
        raise TdxwhyError("gate takes a PATH, - or --range", "tdxwhy gate --help")
    for path in args.paths:
        if path == "-":
            yield of_stream(sys.stdin.buffer, "stdin")
        else:
            yield from inputs([path], settings.exclude)
    if args.range:
        yield from of_commits(args.repo, args.range)


def _limits(args: argparse.Namespace, settings: Settings) -> Limits:
    from tdxwhy.check.baseline import read
    from tdxwhy.check.gate import Limits, added_lines

    baseline = args.baseline or (Path(settings.baseline) if settings.baseline else None)
    added = None
    if args.diff:
        added = added_lines(sys.stdin.read(_DIFF_BYTES) if args.diff == "-" else _text(Path(args.diff)))
    return Limits(read(baseline) if baseline and not args.write_baseline else (), added)


def _text(path: Path) -> str:
    from tdxwhy.files import read_bytes

    return read_bytes(path, _DIFF_BYTES).decode("utf-8", "replace")


def _report(args: argparse.Namespace, found: Run) -> None:
    from tdxwhy.report.gate_formats import render
    from tdxwhy.report.terminal import painter

    if args.fix:
        from tdxwhy.check.fix import proposals

        texts = [(name, text) for one in found.inputs for name, text in sorted(one.texts.items())]
        made = [proposals(text, name, found.findings, found.rules) for name, text in texts]
        sys.stdout.writelines(made)
        if found.findings and not any(made):
            complain("nothing to propose", "the code at hand has neither CPU nor package to name; the rule's page says what to do")
    else:
        sys.stdout.write(render(found, args.format, painter(), not args.no_summary))
    for name in _FILES:
        path = getattr(args, f"{name}_output")
        if path is not None:
            _write(path, render(found, name, painter()))


def _write(path: Path, text: str) -> None:
    from tdxwhy.files import write_text

    write_text(path, text)


def _complain(found: Run, args: argparse.Namespace) -> None:
    """Say on standard error what was not read, what was left out, and what is stale."""
    from tdxwhy.ranges import counted

    complain_of(found.errors, "inputs not read")
    complain_of([f"{one.name}: {note}" for one in found.inputs for note in one.notes], "notes on inputs")
    unused = [f"settings: [[suppress]] of {', '.join(one.rules)} suppresses nothing: {one.reason}" for one in found.unused]
    complain_of(unused, "[[suppress]] that suppress nothing")
    complain_of(
        [f"baseline: {entry.rule} in {entry.file} is stale: {entry.message}" for entry in found.stale], "stale entries of the baseline"
    )
    lines = []
    if args.show_suppressed:
        for one in found.suppressed:
            place = one.finding.evidence[0].place.source
            lines.append(f"suppressed: {place}: {one.finding.rule} {one.finding.message} ({one.reason or 'no reason given'})")
    own = sum(one.kind == "inSource" for one in found.suppressed)
    if own and not args.show_suppressed:
        lines.append(f"{counted(own, 'finding')} suppressed by marks in what is judged; --show-suppressed lists them")
    if not found.errors and not args.allow_empty and not any(one.judged for one in found.inputs):
        lines.append("nothing to judge")
    for line in lines:
        complain(line)


def _write_baseline(args: argparse.Namespace, found: Run) -> int:
    from tdxwhy.check.baseline import read, written

    if not args.reason.strip():
        raise TdxwhyError("--write-baseline needs --reason TEXT", "a baseline says why its findings are accepted")
    before = read(args.write_baseline) if args.write_baseline.exists() else ()
    _write(args.write_baseline, written(found.findings, args.reason.strip(), before))
    _complain(found, args)
    return 2 if found.errors else 0
