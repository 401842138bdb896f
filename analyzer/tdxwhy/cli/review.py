"""tdxwhy review THREAD: who asked, what is open, who promised what, and whether it was kept."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tdxwhy.cli.complaints import complain
from tdxwhy.cli.parsing import Parser
from tdxwhy.errors import NothingToJudge
from tdxwhy.read.mail.nouns import Mail
from tdxwhy.review.nouns import Review

FORMATS = ("text", "json", "html", "markdown", "reply")


def parser() -> argparse.ArgumentParser:
    """Return the command's own parser."""
    made = Parser(
        prog="tdxwhy review",
        description="Read a review thread: questions and their answers, preconditions, promises, tags, and the messages of its patches.",
    )
    made.add_argument(
        "thread",
        metavar="THREAD",
        nargs="+",
        help="mbox (also .gz), maildir, folder of mails, one mail, archive page, public-inbox repository; - is standard input",
    )
    made.add_argument(
        "--with",
        metavar="LATER",
        dest="later",
        action="append",
        default=[],
        help="mails of later versions, in which promises are looked for",
    )
    made.add_argument("--tree", metavar="DIR", type=Path, help="a kernel tree, in whose TDX sources promised messages are looked for")
    made.add_argument("--about", metavar="SUBJECT", help="only threads whose subject contains this, or the thread of this Message-ID")
    made.add_argument("--format", choices=FORMATS, default="text")
    made.add_argument(
        "--fail-on",
        metavar="WHAT",
        action="append",
        default=[],
        choices=("unanswered", "unkept"),
        help="exit 1 on unanswered questions or unkept promises",
    )
    return made


def run(args: argparse.Namespace) -> int:
    """Review the thread and print it; 1 only with --fail-on."""
    from tdxwhy.review.review import review

    mails = list(_read(args.thread, args.about))
    if not mails:
        raise NothingToJudge(f"{args.thread[0]}: no thread about {args.about!r}" if args.about else f"{args.thread[0]}: no mails found")
    found = review(mails, _read(args.later, None), args.tree)
    for note in found.notes:
        complain(note)
    sys.stdout.write(_rendered(found, args.format))
    return int(fails(found, args.fail_on))


def fails(review: Review, on: Iterable[str]) -> bool:
    """Tell whether a gate is to fail: on questions without an answer, or on promises that were not kept."""
    wanted = set(on)
    open_question = "unanswered" in wanted and any(question.status != "answered" for question in review.questions)
    unkept = "unkept" in wanted and any(commitment.kept in ("no", "partly") for commitment in review.commitments)
    return open_question or unkept


def _read(paths: Iterable[str], about: str | None) -> Iterator[Mail]:
    from tdxwhy.read.mail.source import read_mails, read_stream

    for path in paths:
        if path == "-":
            yield from read_stream(sys.stdin.buffer, "standard input")
        else:
            yield from read_mails(Path(path), about)


def _rendered(review: Review, form: str) -> str:
    if form == "json":
        from tdxwhy.report.review_json import review_json

        return review_json(review)
    if form == "text":
        from tdxwhy.report.review_text import review_text
        from tdxwhy.report.terminal import painter, width

        return review_text(review, painter(), width(sys.stdout))
    from tdxwhy.report import review_page

    return {"html": review_page.review_html, "markdown": review_page.review_markdown, "reply": review_page.review_reply}[form](review)
