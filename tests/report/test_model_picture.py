"""The pictures of the model: current in rules/model/README.md, well formed, and in step with the data."""

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tdxwhy.cli import main
from tdxwhy.replay.data import generation, generations
from tdxwhy.replay.view import rows
from tdxwhy.report.model_picture import picture

SVG = "{http://www.w3.org/2000/svg}"
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


@pytest.mark.skipif(shutil.which("dot") is None, reason="no Graphviz")
@pytest.mark.parametrize("name", list(generations()))
def test_graphviz_lays_out_every_step_and_nothing_lies_on_another(name):
    root = ElementTree.fromstring(picture(generation(name), "svg"))
    assert root.tag.endswith("svg")
    texts = ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]
    attempt = [row for row in rows(generation(name)) if row.asked in ("boot", "enable")]
    assert all(any(row.what in text for text in texts) for row in attempt)
    boxes = [box(one) for one in root.iter(f"{SVG}g") if one.get("class") == "node" and one.find(f"{SVG}title").text.startswith("s")]
    assert len(boxes) == len(attempt)
    assert all(above[1] <= below[0] for above, below in zip(sorted(boxes), sorted(boxes)[1:], strict=False))


def box(node):
    points = node.find(f"{SVG}polygon").get("points").split()
    heights = [float(point.split(",")[1]) for point in points]
    return min(heights), max(heights)


def test_without_graphviz_a_picture_is_refused_in_one_line(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["model", "7.1", "--format", "svg"]) == 2
    said = capsys.readouterr().err
    assert said == "tdxwhy: a picture wants the program dot of Graphviz\nhint: --format dot gives the graph for it\n"


def test_what_was_laid_out_for_the_package_is_shown_without_graphviz(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("tdxwhy.report.model_picture.in_checkout", lambda: False)
    monkeypatch.setattr("tdxwhy.report.model_picture.data", lambda name: f"<svg>{name}</svg>".encode())
    assert picture(generation("7.1"), "svg") == "<svg>pictures/7.1.svg</svg>"


@pytest.mark.parametrize("name", list(generations()))
def test_dot_and_text_show_every_step(name):
    graph, text = picture(generation(name), "dot"), picture(generation(name), "text")
    for row in rows(generation(name)):
        assert row.what in text
        if row.asked in ("boot", "enable"):
            assert row.what in graph
    assert graph.count("{") == graph.count("}")


def test_silent_failures_are_shown_as_such():
    found = {row.what: {one.how: one for one in row.failing} for row in rows(generation("6.8")) if row.asked == "enable"}
    assert found["TDH.SYS.LP.INIT"]["#UD"].silent
    assert not found["TDH.SYS.CONFIG"]["#UD"].silent
