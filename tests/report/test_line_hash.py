"""The line hash is that of GitHub's upload action; the values are its own test's (github/codeql-action, src/fingerprints.test.ts)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.report.line_hash import line_hashes

GREETINGS = [
    "e9496ae3ebfced30:1",
    "fb7c023a8b9ccb3f:1",
    "ce8ba1a563dcdaca:1",
    "e20e36e16fcb0cc8:1",
    "b3edc88f2938467e:1",
    "c8e28b0b4002a3a0:1",
    "c129715d7a2bc9a3:1",
]
REPEATED = [f"a7f2ff13bc495cf2:{number}" for number in range(1, 7)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ["c129715d7a2bc9a3:1"]),
        (" a\nb\n  \t\tc\n d", ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"]),
        (" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", GREETINGS),
        (" hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n", GREETINGS),
        (" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", GREETINGS),
        ("Lorem ipsum dolor sit amet.\n" * 10, [*REPEATED, "a7f2ff1481e87703:1", "a9cf91f7bbf1862b:1", "55ec222b86bcae53:1"]),
    ],
)
def test_published_values(text: str, wanted: list[str]) -> None:
    lines = range(1, len(wanted) + 1)
    assert list(line_hashes(text, lines).values()) == wanted


@given(st.text(alphabet="ab \t\r\n\U0001f600", max_size=400), st.integers(1, 40))
def test_a_rolling_hash_gives_the_same(text: str, line: int) -> None:
    assert line_hashes(text, [line]).get(line) == rolled(text).get(line)


def rolled(text: str) -> dict[int, str]:
    """Hash character by character, as the action does."""
    units = text.encode("utf-16-le")
    codes = [units[at] | units[at + 1] << 8 for at in range(0, len(units), 2)]
    kept: list[int] = []
    starts: list[int] = []
    at_start, after_cr = True, False
    for code in [*codes, 65535]:
        if code in (9, 32) or (after_cr and code == 10):
            after_cr = False
            continue
        after_cr = code == 13
        if at_start:
            starts.append(len(kept))
        kept.append(10 if code == 13 else code)
        at_start = kept[-1] == 10
    found: dict[int, str] = {}
    seen: dict[int, int] = {}
    for number, start in enumerate(starts, 1):
        window = (kept[start : start + 100] + [0] * 100)[:100]
        value = 0
        for code in window:
            value = (value * 37 + code) % 2**64
        seen[value] = seen.get(value, 0) + 1
        found[number] = f"{value:x}:{seen[value]}"
    return found
