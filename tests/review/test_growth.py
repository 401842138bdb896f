"""A mail is reviewed in time linear in its lines, whatever they hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.growth import grows_linearly

from tdxwhy.read.mail.decode import decode_mail
from tdxwhy.read.mail.nouns import Mail
from tdxwhy.review.review import review

HEAD = b"From: A B <a@b.example>\nMessage-ID: <1@x>\nSubject: Re: [PATCH] x86/tdx: foo\nDate: Mon, 1 Jan 2024 00:00:00 +0000\n\n"


@pytest.mark.parametrize("piece", [" ", ".", "(", "? ", "(a) ", "Reviewed-by: "])
def test_lines_of_one_piece(piece: str) -> None:
    line = (piece * 400)[:400].encode() + b"x\n"
    grows_linearly(lambda size: lambda: list(review([decode_mail(HEAD + line * size, "x")])), 8)


def test_blocks_without_end() -> None:
    grows_linearly(lambda size: lambda: review([decode_mail(HEAD + b"Some words of it\n\n" * size, "x")]), 1500)


def chain(size: int) -> list[Mail]:
    """Return a patch and a chain of so many answers, each of which quotes the one above."""
    mails = [decode_mail(HEAD.replace(b"Re: ", b"") + b"Words.\n---\n@@ -1,1 +1,2 @@\n+\tlock(it);\n int x;\n", "x")]
    for number in range(2, size):
        head = HEAD.replace(b"<1@x>", b"<%d@x>\nIn-Reply-To: <%d@x>" % (number, number - 1)).replace(
            b"A B <a@", b"C%d D <c@" % (number % 2)
        )
        mails.append(
            decode_mail(head + b"> Why is number %d under the lock?\n\nWhy is number %d under the lock?\n" % (number - 1, number), "x")
        )
    return mails


def series(size: int) -> list[Mail]:
    """Return so many patches of series that have nothing to do with each other."""
    body = b"Words.\n---\n@@ -1,1 +1,6 @@\n" + b"".join(b"+\tcall_number_%d_%%d(it);\n" % line for line in range(5))
    heads = [HEAD.replace(b"<1@x>", b"<%d@x>" % number).replace(b"Re: ", b"").replace(b"foo", b"do %d" % number) for number in range(size)]
    return [decode_mail(head + body.replace(b"%d", b"%d" % number), "x") for number, head in enumerate(heads)]


@pytest.mark.parametrize(("thread", "start"), [(chain, 100), (series, 300)])  # more than what is kept of one run for the next
def test_mails_of_one_thread_and_of_many(thread: Callable[[int], list[Mail]], start: int) -> None:
    def run(size: int) -> Callable[[], object]:
        mails = thread(size)
        return lambda: review(mails)

    grows_linearly(run, start)
