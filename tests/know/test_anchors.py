from __future__ import annotations

import re

import pytest

from tdxwhy.know import tables
from tdxwhy.know.cover import LANDMARKS
from tdxwhy.know.rows import UNANCHORED
from tdxwhy.know.stems import looks_like_tdx
from tdxwhy.know.stored import anchors


def test_few_long_and_plain():
    found = anchors()
    assert len(found) <= 64
    assert len(set(found)) == len(found)
    # JSON would hide anything else behind an escape; a landmark may be JSON's own.
    assert all(re.fullmatch(rb"[ !#-\[\]-~]{4,}", literal) for literal in found if literal.decode() not in LANDMARKS)


@pytest.mark.parametrize("form", [form for form in tables.forms() if form.kind != UNANCHORED], ids=lambda form: form.id)
def test_each_line_of_interest_carries_one(form):
    if form.level == "debug" or form.format in ("%{#}", "%pB"):
        return  # not in ordinary logs; and CPU numbers and frames have no text of their own
    line = f"[    1.000000] {form.example}".encode()
    assert any(literal in line for literal in anchors())


@pytest.mark.parametrize(
    "text",
    [
        "virt/tdx: something new failed on package 3",
        "TDX: no online CPUs in package 12, failed",
        "kvm_intel: TDX is odd today",
        "foo: SEAMCALL went wrong",
        "foo: PAMT too small",
        "x86/virt/tdx: KeyID 3 lost",
    ],
)
def test_other_wordings_carry_a_stem(text):
    assert looks_like_tdx(text)
    assert any(literal in f"[    1.000000] {text}".encode() for literal in anchors())
