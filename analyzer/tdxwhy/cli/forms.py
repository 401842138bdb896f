"""`tdxwhy forms`: every TDX line a kernel can print, or the literals to search logs for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tdxwhy.cli.parsing import Parser
from tdxwhy.errors import TdxwhyError
from tdxwhy.know import tables
from tdxwhy.know.literals import literals
from tdxwhy.records import MessageForm

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
    built.add_argument("--all", action="store_true", help="also lines on CPUs, boot and faults")
    built.add_argument("--literals", action="store_true", help="only literals, one a line, for rg -F -f or journalctl --grep")
    built.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="how to print the list")
    return built


def run(args: argparse.Namespace) -> int:
    """Print the forms of a generation, or of all, grouped by what they belong to."""
    known = [generation.id for generation in tables.generations()]
    if args.generation is not None and args.generation not in known:
        raise TdxwhyError(f"no generation {args.generation!r}", f"known: {', '.join(known)}")
    found = [form for form in tables.forms() if args.generation is None or args.generation in form.generations]
    found = [form for form in found if args.all or form.kind in _TDX]
    if args.literals:
        sys.stdout.write("\n".join(literals(found)) + "\n")
    else:
        sys.stdout.write({"text": _text, "json": _json, "markdown": _markdown}[args.format](found))
    return 0


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
