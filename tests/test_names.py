"""A name means one thing: whoever looks a class up finds one."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "analyzer" / "tdxwhy"
# Classes whose name stands twice. This list may only shrink.
TWICE: set[str] = set()


def test_no_two_classes_of_the_package_have_one_name() -> None:
    homes = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    assert len(homes) > 300
    doubled = {name: places for name, places in homes.items() if len(places) > 1}
    assert set(doubled) == TWICE, f"rename the less central one to its field's own word, or take the name off the list: {doubled}"
