"""Attribution lines: found where they stand, and the name that they give."""

from __future__ import annotations

import pytest

from tdxwhy.review.attribution import attributed_name, attribution_at
from tdxwhy.review.lines import parse_lines

LINES = [
    ("On Fri, 2024-05-06 at 14:49 -0800, Tomas Reyes wrote:", "Tomas Reyes"),
    ("On 5/6/24 02:15, Lindqvist, Mara wrote:", "Lindqvist, Mara"),
    ("On Mon, May 6, 2024 at 1:16 PM Mara Lindqvist <mara@x.example> wrote:", "Mara Lindqvist"),
    ("On 6.05.24 г. 17:27 ч., Mara Lindqvist wrote:", "Mara Lindqvist"),
    ("* Mara Lindqvist <mara@x.example> wrote:", "Mara Lindqvist"),
    ("Am 06.05.24 um 17:53 schrieb Tomas Reyes:", "Tomas Reyes"),
    ("Le 06/05/2024 à 17:53, Tomas Reyes a écrit :", "Tomas Reyes"),
    ("在 2024/5/6 2:27, Wei Tan 写道:", "Wei Tan"),
    ("W dniu 06.05.2024 o 17:53, Jan Nowak pisze:", "Jan Nowak"),
    ("On May 6, 2024 5:31:00 AM PST, Wei Tan <wei@x.example> wrote:", "Wei Tan"),
    ('On Mon, 6 May 2024 13:45:01 +0200\n"Ines R. Okafor" <ines@x.example> wrote:', "Ines R. Okafor"),
    ("On Mon, 2024-05-06 at 17:56 +0300, ines@x.example wrote:", "ines@x.example"),
    ("Tomas Reyes <t@x.example> writes:", "Tomas Reyes"),
]
ABOVE_A_QUOTE = [
    ("Quoting Tomas Reyes (t@x.example):", "Tomas Reyes"),
    ("Tomas Reyes wrote on Mon, 06 May 2024 16:29:00 +0200:", "Tomas Reyes"),
    ("Mon, 06 May 2024 17:03:00 +0300, t@x.example:", "t@x.example"),
]


@pytest.mark.parametrize(("text", "name"), ABOVE_A_QUOTE)
def test_names_above_a_quote(text, name):
    assert attribution_at(parse_lines(f"{text}\n> Why?\n"), 0) == 0
    assert attribution_at(parse_lines(f"{text}\n\nWhy?\n"), 0) is None
    assert attributed_name(text) == name


@pytest.mark.parametrize(("text", "name"), LINES)
def test_names(text, name):
    lines = parse_lines(text)
    assert attribution_at(lines, 0) == len(lines) - 1
    assert attributed_name(text) == name


def test_a_bare_name_counts_above_a_quote():
    lines = parse_lines("Tomas Reyes wrote:\n> Why?")
    assert attribution_at(lines, 0) == 0
    assert attributed_name("Tomas Reyes wrote:") == "Tomas Reyes"
    assert attribution_at(parse_lines("Tomas Reyes wrote:\nWhy?"), 0) is None


@pytest.mark.parametrize("text", ["I will see what he wrote:", "This is how it works:", "On the other hand:", "", "wrote:"])
def test_talk_is_no_attribution(text):
    assert attribution_at(parse_lines(text), 0) is None
