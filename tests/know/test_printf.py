from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxwhy.know import printf, tables
from tdxwhy.know.printf import Field, Text, expression, field_kinds, filled, pieces

FORMATS = sorted({form.format for form in tables.forms()})


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        ("100%% sure", (Text("100% sure"),)),
        ("leaf %llu", (Text("leaf "), Field("int"))),
        ("(%d)", (Text("("), Field("int", signed=True), Text(")"))),
        ("0x%016llx", (Text("0x"), Field("hex", width=16))),
        ("%#010Lx", (Field("hex", width=8, prefixed=True),)),
        ("%3u", (Field("int", padded=True),)),
        ("%02u", (Field("int", width=2),)),
        ("%*s#", (Field("pad"), Text("#"))),
        ("%pS", (Field("symbol"),)),
        ("%pR", (Field("range"),)),
        ("%*pbl", (Field("list"),)),
        ("%px", (Field("pointer"),)),
        ("%{#}", (Field("cpus"),)),
        ("%s%s", (Field("str"), Field("empty"))),
        ("%0x", (Field("hex"),)),
    ],
)
def test_pieces_of_a_format(format, expected):
    assert pieces(format) == expected


@pytest.mark.parametrize("format", ["%", "50%", "%k", "%!", "%n", "%5"])
def test_what_is_no_format_is_refused(format):
    with pytest.raises(ValueError, match="Expected"):
        pieces(format)


def rendered(draw, format):
    """Print a format as the kernel would, with drawn values; the texts of its fields come back beside the line."""
    line, values = "", []
    for piece in pieces(format):
        if isinstance(piece, Text):
            line += piece.text
            continue
        if piece.kind == "pad":
            line += draw(st.sampled_from(["", " ", "   "]))
            continue
        text = draw(texts(piece))
        line += ("0x" if piece.prefixed else "") + (" " * draw(st.integers(0, 2)) if piece.padded else "") + text
        values.append(text)
    return line, values


def texts(piece):
    numbers = st.integers(-4095 if piece.signed else 0, (1 << 64) - 1)
    return {
        "int": numbers.map(lambda value: f"{value:0{piece.width}d}"),
        "hex": st.integers(0, (1 << 64) - 1).map(lambda value: f"{value:0{piece.width}x}"),
        "str": st.text("abcdefgh ", min_size=1, max_size=8),
        "symbol": st.just("tdx_enable+0x1a2/0x4c0"),
        "frame": st.just(" ? tdx_enable+0x1a2/0x4c0 [kvm_intel]"),
        "pointer": st.just("ffffc90000a3f000"),
        "range": st.just("[mem 0x1000-0x1fff]"),
        "list": st.just("0-3,7"),
        "mask": st.just("ff,00000000"),
        "word": st.just("word"),
        "cpus": st.just("  #1   #2"),
        "empty": st.just(""),
    }[piece.kind]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_the_expression_reads_what_a_format_prints(data):
    format = data.draw(st.sampled_from(FORMATS))
    line, values = rendered(data.draw, format)
    found = re.fullmatch(expression(format) + " *", line)
    if not any(kind == "str" for kind in field_kinds(format)):
        assert found is not None and list(found.groups()) == values, line
    for noise in ("x", ")"):
        also = re.fullmatch(expression(format) + " *", line + noise)
        assert also is None or also.groups() != (found and found.groups())


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([one for one in FORMATS if set(field_kinds(one)) <= {"int", "hex"} and "*" not in one]), st.data())
def test_what_is_filled_in_is_read_again(format, data):
    kinds = field_kinds(format)
    values = [data.draw(st.integers(0, (1 << 64) - 1)) for _ in kinds]
    found = re.fullmatch(expression(format), filled(format, values))
    assert found is not None
    assert [int(text, 16 if kind == "hex" else 10) for text, kind in zip(found.groups(), kinds, strict=True)] == values


@pytest.mark.parametrize("form", tables.forms(), ids=lambda form: form.id)
def test_each_example_is_read(form):
    found = re.fullmatch(expression(form.format) + " *", form.example)
    assert found is not None
    assert len(found.groups()) == len(form.args)


@pytest.mark.parametrize(
    ("format", "values", "line"),
    [
        ("%d of %u", (-5, 7), "-5 of 7"),
        ("%#x, %08lx, %3u|%-3d|", (255, 255, 7, 7), "0xff, 000000ff,   7|7  |"),
        ("%llx and %x", (-1, -1), "ffffffffffffffff and ffffffff"),
        ("%s is %pbl, %%", ("it", 3), "it is %pbl, %"),
        ("%d and %d", (1,), "1 and %d"),
        ("%9999999999d", (1,), "%9999999999d"),
    ],
)
def test_values_are_laid_into_a_format(format, values, line):
    assert filled(format, values) == line


@given(st.text(alphabet="%dsxplu*.0#{}bR 19z", max_size=60))
def test_any_text_is_a_format_or_refused(text):
    try:
        found = pieces(text)
    except ValueError:
        return
    re.compile(expression(text))
    assert sum(isinstance(piece, Field) and piece.kind != "pad" for piece in found) == len(field_kinds(text))
    filled(text, [1, "two"])


def test_the_docs_examples_hold():
    import doctest

    assert doctest.testmod(printf).failed == 0
