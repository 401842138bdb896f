"""The head of a mail, and its HTML, are read in time linear in them, whatever they hold."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from tests.growth import grows_linearly

from tdxwhy.read.mail.decode import decode_mail, person
from tdxwhy.read.mail.head import addresses, decoded_words
from tdxwhy.read.mail.html import html_text
from tdxwhy.read.mail.source import read_stream

TEXTS: dict[str, tuple[Callable[[str], object], tuple[str, ...]]] = {
    "an author": (person, ("(", "<", "a@", "<>(", "( ", "a <b> ", ")", "a, ")),
    "people": (lambda text: list(addresses(text)), ("(", "<", '"', '"\\', "a:", "(\\(", "<@[", "a <b@c>, ")),
    "encoded words": (decoded_words, ("=?", "=?a?q?", "=?a?q?b ", "=?a?q?b?=", "?= =?utf-8?b?YQ== ")),
    "HTML": (html_text, ("<", "<!--", "<![a ", "<a b='", '<a b="<', "<div>", "<script>", "&#99999999999", "&", "<pre>\n", "</p")),
}


@pytest.mark.parametrize(("name", "piece"), [(name, piece) for name, (_, pieces) in TEXTS.items() for piece in pieces])
def test_texts(name: str, piece: str) -> None:
    read = TEXTS[name][0]
    grows_linearly(lambda size: lambda: read(piece * size), 1000)


@pytest.mark.parametrize("piece", [b" \r\n", b"\t\n", b" x\n \n", b" \r\r\n", b"X-Y: z\n", b":", b"a", b"\n", b"\n\n\t "])
def test_a_beginning(piece: bytes) -> None:
    grows_linearly(lambda size: lambda: list(read_stream(io.BytesIO(b"Subject: x\n" + piece * size), "x")), 1000)


@pytest.mark.parametrize("field", ["Message-ID", "References", "From", "To", "Date", "Content-Type: text/plain; x", "Content-Disposition"])
@pytest.mark.parametrize("piece", ['"; ; ', "*1=", "aaa", "<", "a@", "=?a?q?", "(", ";a*0=b"])
def test_a_field(field: str, piece: str) -> None:
    size = 100_000 // len(piece)
    raw = f"Subject: x\nMessage-ID: <1@x>\n{field}{'' if ';' in field else ':'} {piece * size}\n\nhi\n".encode()
    mail = decode_mail(raw, "x")
    assert mail.body == "hi\n"


@pytest.mark.parametrize("piece", [b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n', b"Content-Type: message/rfc822\n\n"])
def test_parts_in_parts(piece: bytes) -> None:
    def of_size(size: int) -> Callable[[], object]:
        parts = b"".join(piece.replace(b"%d", b"%d" % number) for number in range(size))
        raw = b"From: A <a@x>\nSubject: x\nMIME-Version: 1.0\n" + parts + b"\nWhy?\n"
        return lambda: decode_mail(raw, "x")

    grows_linearly(of_size, 200)
    assert "Why?" in decode_mail(b"From: A <a@x>\nSubject: x\n" + piece.replace(b"%d", b"1") * 200 + b"\nWhy?\n", "x").body
