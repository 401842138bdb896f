from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxwhy.know import tables
from tdxwhy.know.grammar import Field, Groups, Text, field_kinds, matcher, pieces
from tdxwhy.know.lower import NotLowered, lower
from tdxwhy.know.stored import table

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
    assert tuple(
        piece._replace(width=max(getattr(piece, "width", 0), 1)) if isinstance(piece, Field) else piece for piece in pieces(format)
    ) == tuple(piece._replace(width=max(piece.width, 1)) if isinstance(piece, Field) else piece for piece in expected)


@pytest.mark.parametrize("format", ["%", "50%", "%k", "%!"])
def test_what_is_no_format_is_refused(format):
    with pytest.raises(Exception, match="Expected"):
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
def test_the_lowered_expression_gives_what_the_grammar_gives(data):
    format = data.draw(st.sampled_from(FORMATS))
    line, values = rendered(data.draw, format)
    noise = data.draw(st.sampled_from(["", "", "", "x", " ", ")"]))
    grammar = Groups(matcher(format)).fullmatch(line + noise)
    lowered = re.compile(lower(matcher(format)) + " *").fullmatch(line + noise)
    assert (grammar is None) == (lowered is None)
    if lowered is not None:
        assert list(grammar.groups()) == list(lowered.groups())
    if not noise and not any(kind == "str" for kind in field_kinds(format)):
        assert lowered is not None, line
        assert list(lowered.groups()) == values


@pytest.mark.parametrize("form", tables.forms(), ids=lambda form: form.id)
def test_grammar_and_expression_agree_on_each_example(form):
    grammar = Groups(matcher(form.format)).fullmatch(form.example)
    lowered = re.compile(lower(matcher(form.format)) + " *").fullmatch(form.example)
    assert grammar is not None and lowered is not None
    assert list(grammar.groups()) == list(lowered.groups())
    assert len(lowered.groups()) == len(form.args)


def test_all_formats_are_lowered_today():
    assert table("UNLOWERED") == []


def test_what_cannot_be_lowered_says_so():
    import pyparsing as pp

    with pytest.raises(NotLowered):
        lower(pp.OneOrMore(pp.Literal("a")))
    with pytest.raises(NotLowered):
        lower(pp.Literal("a").set_parse_action(lambda: None))
