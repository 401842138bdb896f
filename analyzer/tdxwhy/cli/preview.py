"""tdxwhy preview: what users will see in each failing case of a kernel tree, with or without a patch."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tdxwhy.cli.complaints import complain_of
from tdxwhy.cli.parsing import Parser

if TYPE_CHECKING:
    from tdxwhy.explain.patched import Patched
    from tdxwhy.explain.preview import Preview


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    made = Parser(prog="tdxwhy preview", description="Show what users will see in each failing case, before and after a patch.")
    made.add_argument("tree", metavar="TREE", help="a kernel tree, or a folder of C files; with --range a git repository")
    what = made.add_mutually_exclusive_group()
    what.add_argument("--patch", metavar="FILE", help="a diff or a mail with one, applied to the tree")
    what.add_argument("--series", metavar="MBOX", help="a series of mails, applied in order")
    what.add_argument("--range", metavar="A..B", help="two revisions of the repository")
    made.add_argument("--format", choices=["text", "json", "markdown", "html"], default="text", help="how to print it")
    made.add_argument("--fail-on", choices=["worse", "never"], default="worse", help="exit 1 if the patch makes a case worse")
    return made


def run(args: argparse.Namespace) -> int:
    """Preview a tree."""
    from tdxwhy.explain.preview import changed_functions, preview, worse
    from tdxwhy.source.tree import program_of_tree

    patched = _patched(args)
    from tdxwhy.files import shown as name

    root = None if args.range else args.tree
    after = program_of_tree(patched.after, root) if patched.after is not None else None
    changed = changed_functions(patched.before, patched.after or {}, after) if after is not None else ()
    before = program_of_tree(patched.before, root)
    shown = preview(name(Path(args.tree).name or args.tree), before, after, changed)
    shown = shown._replace(patch=patched.name, troubles=patched.troubles)
    sys.stdout.write(_rendered(shown, args))
    complain_of(patched.troubles, "troubles with the patch")
    return 1 if args.fail_on == "worse" and worse(shown) else 0


def _patched(args: argparse.Namespace) -> Patched:
    from tdxwhy.explain import patched

    if args.patch:
        return patched.with_patch(args.tree, args.patch)
    if args.series:
        return patched.with_series(args.tree, args.series)
    if args.range:
        return patched.with_range(args.tree, args.range)
    return patched.unpatched(args.tree)


def _rendered(shown: Preview, args: argparse.Namespace) -> str:
    from tdxwhy.report import preview as report
    from tdxwhy.report.terminal import painter, width

    if args.format == "json":
        return report.as_json(shown)
    if args.format in ("markdown", "html"):
        return report.as_page(shown, {"markdown": "preview.md", "html": "preview.html"}[args.format])
    return report.as_text(shown, painter(sys.stdout), width(sys.stdout))
