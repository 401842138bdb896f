"""The commits of a git range as patches, of repositories that are not trusted (see `source/revision.py`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tdxwhy.errors import NothingToJudge, TdxwhyError
from tdxwhy.noun import NamedTuple

COMMITS = 20_000
_PATCH_BYTES = 64 << 20
_SPAN = re.compile(r"(?P<base>(?!-)[\w./@{}~^+-]{1,200}?)\.\.(?P<head>[\w./@{}~^+-]{0,200})")


class Commit(NamedTuple):
    """A commit as `git format-patch` would show it: its object, its subject, and message and diff as text."""

    object_id: str
    subject: str
    text: str


def commits(repository: Path, span: str) -> Iterator[Commit]:
    """Yield the commits of BASE..HEAD, oldest first, merges left out."""
    from tdxwhy.source.revision import Repository

    found = _SPAN.fullmatch(span)
    if found is None:
        raise TdxwhyError(f"{span!r} is no range", "such as origin/main..HEAD")
    with Repository(str(_root(repository))) as opened:
        ids = opened.commits(f"{found['base']}..{found['head'] or 'HEAD'}", COMMITS)
        if not ids:
            raise NothingToJudge(f"{repository}: no commits in {span}")
        if len(ids) > COMMITS:
            raise TdxwhyError(f"{repository}: more than {COMMITS} commits in {span}", "name a shorter range")
        for object_id in ids:
            text = opened.patch(object_id, _PATCH_BYTES).decode("utf-8", "replace")
            yield Commit(object_id, text.split("\n", 1)[0], text)


def _root(path: Path) -> Path:
    """Return the checkout or bare repository in which a folder lies."""
    start = path.resolve()
    for folder in (start, *start.parents):
        if (folder / ".git").exists() or ((folder / "HEAD").is_file() and (folder / "objects").is_dir()):
            return folder
    raise TdxwhyError(f"{path}: no git repository")
