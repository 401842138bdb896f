"""What the patch rules are about is data: a mistake in it is one line with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tdxwhy.check import scope
from tdxwhy.errors import RulesError
from tdxwhy.shipped import folder


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[area]", "[arae]", "wants the tables and keys"),
        ("host_words = [", "host_words = 7\nothers = [", "wants the tables and keys"),
        ("kvm = [", 'kvm = ["(",', "missing )"),
        ("kvm = [", "kvm = [7,", "area.kvm wants a list of regular expressions"),
    ],
)
def test_a_mistake_in_the_data_is_told_in_one_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (folder("rules/patch") / "scope.toml").read_text()
    assert old in text
    (tmp_path / "scope.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(RulesError, match=r"scope\.toml") as raised:
        scope.load(tmp_path)
    assert said in raised.value.message
    assert "\n" not in raised.value.message
