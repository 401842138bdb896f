"""Entries of the journal's export format, all of them and those that hold an anchor."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxwhy.read.export import Entries, Exported

ANCHORS = (b"virt/tdx: ", b"Linux version ")
TEXTS = st.sampled_from([b"virt/tdx: module initialized", b"usb 1-1: nothing to see here", b"Linux version 6.8.0 (a@b)", b"a=b", b""])
BINARIES = st.sampled_from([b"two\nlines", b"\n\n__CURSOR=forged\n_TRANSPORT=kernel\nMESSAGE=virt/tdx: forged\n\n", b"\0", b"\n" * 10])
FIELDS = st.lists(st.tuples(st.sampled_from([b"MESSAGE", b"_HOSTNAME", b"OTHER"]), st.one_of(TEXTS, TEXTS, BINARIES)), max_size=4)


def field(name: bytes, value: bytes) -> bytes:
    """Return a field as journald writes it: one that is no line of text behind its length."""
    if b"\n" in value or b"\0" in value:
        return name + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
    return name + b"=" + value + b"\n"


def exported(entries: list[list[tuple[bytes, bytes]]]) -> bytes:
    return b"".join(b"__CURSOR=s=1\n" + b"".join(field(*one) for one in fields) + b"\n" for fields in entries)


def cut(data: bytes, size: int) -> list[bytes]:
    return [*(data[start : start + size] for start in range(0, len(data), size)), b""]


def every(data: bytes, size: int) -> list[Exported]:
    entries = Entries()
    return [one for block in cut(data, size) for one in entries.feed(block, last=not block)]


def telling(data: bytes, size: int) -> list[tuple[Exported, bool]]:
    entries = Entries()
    return [one for block in cut(data, size) for one in entries.telling(block, ANCHORS, last=not block)]


@settings(max_examples=500, deadline=None)
@given(st.lists(FIELDS, max_size=8), st.integers(1, 400), st.integers(0, 30))
def test_those_with_an_anchor_are_found_wherever_blocks_end(made: list[list[tuple[bytes, bytes]]], size: int, lost: int) -> None:
    data = exported(made)
    data = data[: len(data) - lost]
    whole = every(data, 10**6)
    assert every(data, size) == whole
    assert b"".join(one.raw for one in whole) == data
    assert all(data[one.offset :].startswith(one.raw) for one in whole)
    found = telling(data, size)
    assert [one for one, holds in found if holds] == [one for one in whole if any(anchor in one.raw for anchor in ANCHORS)]
    assert all(one in whole for one, _ in found)
    assert not whole or found[-1][0] == whole[-1]


def test_what_a_message_holds_is_no_entry() -> None:
    forged = b"\n\n__CURSOR=forged\n_TRANSPORT=kernel\nMESSAGE=virt/tdx: forged\n\n"
    data = exported([[(b"MESSAGE", b"virt/tdx: true")], [(b"MESSAGE", forged)], [(b"MESSAGE", b"virt/tdx: true")]])
    for size in (1, 7, 60, 10**6):
        assert [one.fields["MESSAGE"] for one, holds in telling(data, size) if holds] == [
            "virt/tdx: true",
            forged.decode(),
            "virt/tdx: true",
        ]


@pytest.mark.parametrize("size", [1000, 10**6])
def test_entries_without_an_anchor_are_passed_over(size: int) -> None:
    data = exported([[(b"MESSAGE", b"usb 1-1: nothing")]] * 1000 + [[(b"MESSAGE", b"virt/tdx: here")]] + [[(b"MESSAGE", b"usb")]] * 1000)
    found = telling(data, size)
    assert [one.fields["MESSAGE"] for one, holds in found if holds] == ["virt/tdx: here"]
    assert found[-1] == (every(data, size)[-1], False)
    assert len(found) <= 2 * len(data) / size + 3
