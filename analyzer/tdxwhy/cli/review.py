"""tdxwhy review THREAD: who asked, what is open, who promised what, and whether it was kept."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tdxwhy.cli.complaints import complain_of
from tdxwhy.cli.parsing import Parser
from tdxwhy.errors import NothingToJudge, TdxwhyError
from tdxwhy.read.mail.nouns import Mail
from tdxwhy.review.nouns import Review

FAILS = ("unanswered", "refused", "unkept", "open")
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
        help="mails of later versions, in which remarks and promises are followed; - is standard input",
    )
    made.add_argument("--for", metavar="NAME", dest="person", help="only what this person owes and is owed, as text")
    made.add_argument(
        "--tree",
        metavar="DIR",
        type=Path,
        help="a kernel tree: remarks lead to the lines of its files, promised messages are looked for in its TDX sources",
    )
    made.add_argument("--about", metavar="SUBJECT", help="only threads whose subject contains this, or the thread of this Message-ID")
    made.add_argument("--format", choices=FORMATS, default="text", help="how to print it")
    made.add_argument(
        "--fail-on",
        metavar="WHAT",
        action="append",
        default=[],
        choices=FAILS,
        help="exit 1 on WHAT: unanswered (open remarks, questions that were put off), refused (open objections), "
        "unkept (promises that were not kept, or in part), open (whatever stands under Open); may be repeated",
    )
    return made


def run(args: argparse.Namespace) -> int:
    """Review the thread and print it; 1 only with --fail-on."""
    from tdxwhy.read.mail.pick import held
    from tdxwhy.review.review import review

    if [*args.thread, *args.later].count("-") > 1:
        raise TdxwhyError("- is standard input and can be read once: give a file for the thread or for --with")
    mails = held(_read(args.thread, args.about))
    if not mails:
        raise NothingToJudge(f"{args.thread[0]}: no thread about {args.about!r}" if args.about else f"{args.thread[0]}: no mails found")
    found = review(mails, held(_read(args.later, None)), args.tree)
    complain_of(found.notes, "notes")
    sys.stdout.write(_for(found, args.person) if args.person else _rendered(found, args.format))
    return int(fails(found, args.fail_on))


def fails(review: Review, on: Iterable[str]) -> bool:
    """Tell whether a gate is to fail; what each word counts stands in the help."""
    from tdxwhy.report.review_items import open_items

    opened = [remark for remark in review.remarks if remark.status == "open"]
    counted = {
        "unanswered": bool(opened) or any(question.status == "deflected" for question in review.questions),
        "refused": any(remark.kind == "objection" for remark in opened),
        "unkept": any(commitment.kept in ("no", "partly") for commitment in review.commitments),
        "open": bool(open_items(review)),
    }
    return any(counted[word] for word in on)


def _read(paths: Iterable[str], about: str | None) -> Iterator[Mail]:
    from tdxwhy.read.mail.source import read_mails, read_stream

    for path in paths:
        if path == "-":
            yield from read_stream(sys.stdin.buffer, "standard input", about)
        else:
            yield from read_mails(Path(path), about)


def _for(review: Review, person: str) -> str:
    from tdxwhy.report.review_person import names, owed
    from tdxwhy.report.review_text import person_text
    from tdxwhy.report.terminal import painter, width

    told = owed(review, person)
    if told is None:
        raise TdxwhyError(f"--for {person}: nobody of the thread is called so; there are {', '.join(names(review)[:20])}")
    return person_text(person, *told, painter(), width(sys.stdout))


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
