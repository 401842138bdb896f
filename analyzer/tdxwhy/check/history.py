"""The commits of a git range as patches, read through GitPython without trusting the repository.

A repository may carry hooks, filters, external diffs or a lazy remote in its configuration. None of it is looked at: git runs in an empty
repository of our own that borrows the other's objects and is given a copy of its references.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tdxwhy.errors import NothingToJudge, TdxwhyError

COMMITS = 20_000
_PATCH_BYTES = 64 << 20
_OID = re.compile(r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")
_REF = re.compile(r"^refs/[^\s~^:?*\[\\\x00-\x1f]{1,240}$")
_SPAN = re.compile(r"^(?P<base>[\w./@{}~^+-]{1,200}?)\.\.(?P<head>[\w./@{}~^+-]{0,200})$")
_REFS = 200_000
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_OPTIONAL_LOCKS": "0",
}


class Commit(NamedTuple):
    """A commit as `git format-patch` would show it: its object, its subject, and message and diff as text."""

    object_id: str
    subject: str
    text: str


def commits(repository: Path, span: str) -> Iterator[Commit]:
    """Yield the commits of BASE..HEAD, oldest first, merges left out."""
    found = _SPAN.match(span)
    if found is None or span.startswith("-"):
        raise TdxwhyError(f"{span!r} is no range", "such as origin/main..HEAD")
    with tempfile.TemporaryDirectory(prefix="tdxwhy-") as folder:
        runner = _borrowed(Path(folder), _Repository(repository))
        ids = _ids(runner, repository, f"{found['base']}..{found['head'] or 'HEAD'}")
        for object_id in ids:
            yield _commit(runner, object_id)
        runner.clear_cache()


def _ids(runner: Any, repository: Path, span: str) -> list[str]:  # noqa: ANN401 - git.Git has no types
    import git

    try:
        listed = runner.rev_list("--reverse", "--no-merges", f"--max-count={COMMITS + 1}", "--end-of-options", span)
    except git.GitCommandError as error:
        raise TdxwhyError(f"{repository}: no range {span}: {_reason(error)}") from None
    ids = [one for one in listed.split("\n") if one]
    if not ids:
        raise NothingToJudge(f"{repository}: no commits in {span}")
    if len(ids) > COMMITS:
        raise TdxwhyError(f"{repository}: more than {COMMITS} commits in {span}", "name a shorter range")
    return ids


def _commit(runner: Any, object_id: str) -> Commit:  # noqa: ANN401
    options = (
        "--format=%s%n%n%b%n---",
        "--patch",
        "--no-ext-diff",
        "--no-textconv",
        "--no-color",
        "--no-renames",
        "--src-prefix=a/",
        "--dst-prefix=b/",
    )
    process = runner.show(*options, "--end-of-options", object_id, as_process=True)
    data = process.stdout.read(_PATCH_BYTES)
    process.stdout.close()
    process.wait()
    text = data.decode("utf-8", "replace")
    return Commit(object_id, text.split("\n", 1)[0], text)


def _borrowed(folder: Path, other: _Repository) -> Any:  # noqa: ANN401
    import git

    runner = git.Git(str(folder))
    runner.update_environment(**_ENVIRONMENT)
    references = other.references()
    head = other.head(references)
    options = ["--object-format=sha256"] if len(head) == 64 else []
    runner.init("--bare", "--quiet", "--template=", *options, ".")
    (folder / "packed-refs").write_text("".join(f"{oid} {name}\n" for name, oid in sorted(references.items())), encoding="utf-8")
    (folder / "HEAD").write_text(f"{head}\n", encoding="ascii")
    runner.update_environment(GIT_DIR=str(folder), GIT_OBJECT_DIRECTORY=str(other.common / "objects"))
    return runner


class _Repository:
    """Where a repository keeps its objects and references, found by reading files; worktrees point to their common folder."""

    def __init__(self, path: Path) -> None:
        self.own = self._git_folder(path)
        common = self._line(self.own / "commondir")
        self.common = (self.own / common).resolve() if common else self.own
        if not (self.common / "objects").is_dir():
            raise TdxwhyError(f"{path}: no git repository")
        if (self.common / "reftable").is_dir():
            raise TdxwhyError(f"{path}: keeps its references in a reftable, which is not supported")

    def _git_folder(self, path: Path) -> Path:
        start = path.resolve()
        for folder in (start, *start.parents):
            candidate = folder / ".git"
            if candidate.is_dir():
                return candidate
            if candidate.is_file():
                return (folder / self._line(candidate).removeprefix("gitdir:").strip()).resolve()
            if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
                return folder
        raise TdxwhyError(f"{path}: no git repository")

    def references(self) -> dict[str, str]:
        """Return every reference and its object; symbolic ones are left out."""
        found: dict[str, str] = {}
        packed = self.common / "packed-refs"
        if packed.is_file():
            with packed.open(encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    oid, _, name = line.strip().partition(" ")
                    if _OID.match(oid) and _REF.match(name) and len(found) < _REFS:
                        found[name] = oid
        for path in sorted((self.common / "refs").rglob("*")):
            name = path.relative_to(self.common).as_posix()
            if path.is_file() and _REF.match(name) and _OID.match(oid := self._line(path)):
                found[name] = oid
        return found

    def head(self, references: dict[str, str]) -> str:
        """Return the object that HEAD stands for."""
        text = self._line(self.own / "HEAD")
        oid = references.get(text.removeprefix("ref:").strip(), text)
        if not _OID.match(oid):
            raise TdxwhyError(f"{self.own}: HEAD points nowhere")
        return oid

    @staticmethod
    def _line(path: Path) -> str:
        try:
            with path.open("rb") as stream:
                return stream.read(4096).decode("utf-8", "replace").strip()
        except OSError:
            return ""


def _reason(error: Exception) -> str:
    """Return what git said, in one line."""
    said = str(getattr(error, "stderr", "") or "").replace("stderr:", "").strip(" '\n")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[0].removeprefix("fatal: ")[:200] if lines else "git could not tell"
