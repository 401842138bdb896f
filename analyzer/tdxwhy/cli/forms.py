"""`tdxwhy forms`: every TDX line a kernel can print, or the literals to search logs for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tdxwhy.cli.complaints import taken_for
from tdxwhy.cli.parsing import Parser
from tdxwhy.errors import TdxwhyError, nearest
from tdxwhy.know import tables
from tdxwhy.know.match import literals
from tdxwhy.records import MessageForm

if TYPE_CHECKING:
    from tdxwhy.extract.prints import PrintedForm

_TITLES = {
    "host": "host initialisation",
    "loader": "loader of the MVP kernels",
    "kvm": "KVM",
    "runtime": "after initialisation",
    "guest": "guests",
    "topology": "CPUs, packages and nodes",
    "platform": "platform",
    "boot": "boot",
    "fault": "faults",
    "report": "host reports",
}
_TDX = ("host", "loader", "kvm", "runtime", "guest")


def parser() -> argparse.ArgumentParser:
    """Build the parser of the command's arguments."""
    built = Parser(prog="tdxwhy forms", description="List the lines that kernels print about TDX, with level and meaning.")
    built.add_argument("generation", nargs="?", metavar="GENERATION", help="one design of the kernel's TDX code only: 6.8, 7.1, v8 ...")
    built.add_argument("--from", dest="tree", metavar="TREE", help="the lines of a kernel's source; unknown ones as rows for the catalogue")
    built.add_argument("--all", action="store_true", help="also lines on CPUs, boot and faults")
    built.add_argument("--literals", action="store_true", help="only literals, one a line, for rg -F -f or journalctl --grep")
    built.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="how to print the list")
    return built


def run(args: argparse.Namespace) -> int:
    """Print the forms of a generation, or of all, grouped by what they belong to; or those of a tree."""
    if args.tree is not None:
        return _of_tree(args)
    known = [generation.id for generation in tables.generations()]
    if args.generation is not None and args.generation not in known:
        args.generation = _of_release(args.generation, known)
    found = [form for form in tables.forms() if args.generation is None or args.generation in form.generations]
    found = [form for form in found if args.all or form.kind in _TDX]
    if args.literals:
        sys.stdout.write("\n".join(literals(found)) + "\n")
    else:
        sys.stdout.write({"text": _text, "json": _json, "markdown": _markdown}[args.format](found))
    return 0


def _of_tree(args: argparse.Namespace) -> int:
    """Print what a tree's TDX files can print: known lines in a list, unknown ones as rows."""
    import json

    from tdxwhy.extract.prints import as_rows, of_kernel
    from tdxwhy.source.kernel_tree import name_of

    if args.generation is not None or args.literals or args.all:
        raise TdxwhyError("--from takes a TREE alone", "tdxwhy forms --from TREE")
    found = of_kernel(args.tree)
    new = sum(one.form is None for one in found)
    if args.format == "json":
        rows = [_print_of_tree(one) for one in found]
        sys.stdout.write(json.dumps({"schema": "tdxwhy/forms-from/1", "tree": name_of(args.tree), "prints": rows}, indent=2) + "\n")
        return 0
    lines = [f"# {len(found)} lines of {name_of(args.tree)}: {len(found) - new} known, {new} not"]
    lines += [f"# {one.form.id}: {one.level} {one.format}" for one in found if one.form is not None]
    sys.stdout.write("\n".join(lines) + "\n\n" + as_rows(found, name_of(args.tree)))
    return 0


def _print_of_tree(one: PrintedForm) -> dict[str, object]:
    site = one.site
    return {
        "format": one.format,
        "level": one.level,
        "file": site.file,
        "line": site.file_line,
        "function": site.function,
        "once": site.once,
        "ratelimited": site.ratelimited,
        "step": one.step or None,
        "form": one.form.id if one.form is not None else None,
    }


def _of_release(release: str, known: Sequence[str]) -> str:
    """Return the generation of a kernel release, as `uname -r` prints it, and say so."""
    if not tables.is_release(release):
        raise TdxwhyError(f"no generation {release!r}", nearest(release, known) or f"known: {', '.join(known)}")
    found = tables.generation_of_release(release)
    taken_for(release, found.id)
    return found.id


def _groups(forms: Sequence[MessageForm]) -> list[tuple[str, list[MessageForm]]]:
    groups = [(title, [form for form in forms if form.kind == kind]) for kind, title in _TITLES.items()]
    return [(title, members) for title, members in groups if members]


def _text(forms: Sequence[MessageForm]) -> str:
    lines: list[str] = []
    for title, members in _groups(forms):
        lines += ["", f"{title} ({len(members)})"] if lines else [f"{title} ({len(members)})"]
        for form in members:
            lines += [f"  {form.level:7} {form.format}", f"          {form.meaning}  [{_printed_by(form)}]"]
    return "\n".join(lines) + "\n"


def _printed_by(form: MessageForm) -> str:
    return ", ".join(form.generations) or "vendor"


def _markdown(forms: Sequence[MessageForm]) -> str:
    lines: list[str] = []
    for title, members in _groups(forms):
        lines += ["", f"## {title}", "", "| level | line | meaning | printed by |", "|---|---|---|---|"]
        for form in members:
            line = form.format.replace("|", "\\|").replace("`", "'")
            lines.append(f"| {form.level} | `{line}` | {form.meaning} | {_printed_by(form)} |")
    return "\n".join(lines[1:]) + "\n"


def _json(forms: Sequence[MessageForm]) -> str:
    import json

    rows = [form._asdict() for form in forms]
    return json.dumps({"schema": "tdxwhy/forms/1", "forms": rows}, indent=2) + "\n"
