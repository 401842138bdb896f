"""A mail is reviewed in time linear in its lines, whatever they hold."""

from __future__ import annotations

import pytest
from tests.growth import grows_linearly

from tdxwhy.read.mail.decode import decode_mail
from tdxwhy.review.review import review

HEAD = b"From: A B <a@b.example>\nMessage-ID: <1@x>\nSubject: Re: [PATCH] x86/tdx: foo\nDate: Mon, 1 Jan 2024 00:00:00 +0000\n\n"


@pytest.mark.parametrize("piece", [" ", ".", "(", "? ", "(a) ", "Reviewed-by: "])
def test_lines_of_one_piece(piece: str) -> None:
    line = (piece * 400)[:400].encode() + b"x\n"
    grows_linearly(lambda size: lambda: list(review([decode_mail(HEAD + line * size, "x")])), 8)
