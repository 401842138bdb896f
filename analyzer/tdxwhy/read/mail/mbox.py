"""An mbox, torn or not, to raw mails. A body line that begins with "From " is no separator unless it looks like one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from tdxwhy.hints import BinaryIO
from tdxwhy.read.mail.decode import MAIL_BYTES

_SEPARATOR = re.compile(rb"^From \S+ .{0,60}\d{4}(?: [+-]\d{4})?\s*$|^From mboxrd@z ")
_HEADER = re.compile(rb"^[!-9;-~]{1,80}:(?:[ \t]|\r?\n|$)|^>?From ")
_ESCAPED = re.compile(rb"^>+From ")
_CHUNK = 1 << 16
_BLANK = (b"\n", b"\r\n")


def split_mbox(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    r"""Yield the line number and bytes of each mail.

    Accepted form: mails that begin with `From sender date` and a header line, quoted as mboxo or mboxrd. Each mail is cut at 4 MiB and a
    line; memory stays within one mail.

    >>> import io
    >>> mbox = b"From a Mon Jan  1 00:00:00 2024\nSubject: x\n\nhi\n\nFrom b Mon Jan  1 00:00:00 2024\nSubject: y\n\n>From here\n"
    >>> list(split_mbox(io.BytesIO(mbox)))
    [(2, b'Subject: x\n\nhi\n\n'), (7, b'Subject: y\n\nFrom here\n')]
    """
    held: list[bytes] = []
    size, start, number, after_blank = 0, 1, 0, True
    pending: bytes | None = None
    for line in _lines(stream):
        number += line.endswith(b"\n") or len(line) < _CHUNK
        if pending is not None:
            if _HEADER.match(line):
                if held:
                    yield start, b"".join(held)
                held, size, start = [], 0, number
            elif size <= MAIL_BYTES:
                held.append(pending)
                size += len(pending)
            pending = None
        if after_blank and line[:5] == b"From " and _SEPARATOR.match(line):
            pending = line
            continue
        after_blank = line in _BLANK or not line.strip()
        if size <= MAIL_BYTES:
            held.append(line[1:] if line[:1] == b">" and _ESCAPED.match(line) else line)
            size += len(line)
    if pending is not None:
        held.append(pending)
    if b"".join(held).strip():
        yield start, b"".join(held)


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    return iter(partial(stream.readline, _CHUNK), b"")
