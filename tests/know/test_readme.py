"""rules/knowledge/README.md names every file that stands beside it."""

from __future__ import annotations

from tdxwhy.shipped import folder


def test_every_file_is_named() -> None:
    where = folder("rules/knowledge")
    text = (where / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in sorted(where.glob("*.toml")) if f"`{path.name}`" not in text] == []
