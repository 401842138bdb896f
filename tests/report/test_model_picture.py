"""The pictures of the model: current in rules/model/README.md, well formed, and in step with the data."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tdxwhy.replay.data import generation, generations
from tdxwhy.replay.view import rows
from tdxwhy.report.model_picture import picture

README = Path(__file__).resolve().parents[2] / "rules" / "model" / "README.md"


def test_the_readme_shows_every_model_as_it_is(golden):
    text = README.read_text(encoding="utf-8")
    for name, one in generations().items():
        if one.variant:
            continue
        block = f"<!-- model {name} -->\n```mermaid\n{picture(one, 'mermaid')}```\n<!-- end -->"
        text, found = re.subn(rf"<!-- model {re.escape(name)} -->\n.*?<!-- end -->", lambda _, block=block: block, text, flags=re.S)
        assert found == 1, f"rules/model/README.md has no place for {name}"
    golden(README, text)


@pytest.mark.parametrize("name", list(generations()))
def test_svg_is_well_formed(name):
    root = ElementTree.fromstring(picture(generation(name), "svg"))
    assert root.tag.endswith("svg")
    assert sum(one.get("class") == "step" for one in root) == sum(row.asked in ("boot", "enable") for row in rows(generation(name)))


@pytest.mark.parametrize("name", list(generations()))
def test_dot_and_text_show_every_step(name):
    graph, text = picture(generation(name), "dot"), picture(generation(name), "text")
    for row in rows(generation(name)):
        assert row.what in text
        if row.asked in ("boot", "enable"):
            assert row.what in graph
    assert graph.count("{") == graph.count("}") == 1


def test_silent_failures_are_shown_as_such():
    found = {row.what: {one.how: one for one in row.failing} for row in rows(generation("6.8")) if row.asked == "enable"}
    assert found["TDH.SYS.LP.INIT"]["#UD"].silent
    assert not found["TDH.SYS.CONFIG"]["#UD"].silent
