"""The objects of a git repository that is not trusted.

A repository may carry hooks, filters, textconv, an evil configuration or a lazy remote. None of it is looked at: git runs in an empty
repository of our own that borrows nothing but the other's object store. The caller's GIT_* and git's own defaults change nothing either.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from tdxwhy.errors import TdxwhyError

_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_COUNT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
}
# Where git is, not what it reads.
_KEPT = ("GIT_EXEC_PATH", "GIT_PYTHON_")
_SHA256 = 64


class Borrowed:
    """An empty repository of our own that borrows an object store. A context manager; `git` runs git there.

    `an_id` is any object's, which tells the hash by its length.
    """

    def __init__(self, objects: Path, an_id: str) -> None:
        self._objects, self._format = objects, "sha256" if len(an_id) == _SHA256 else "sha1"
        self._folder = tempfile.TemporaryDirectory(prefix="tdxwhy-")
        self._dropped: dict[str, str] = {}
        self.path = Path(self._folder.name)
        self.git: Any = None

    def __enter__(self) -> Borrowed:
        try:
            import git
        except ImportError as error:
            raise TdxwhyError("reading a repository wants git and the package GitPython, and one of them was not found") from error
        # GitPython gives the whole environment on and can take nothing from it.
        self._dropped = {name: value for name, value in os.environ.items() if name.startswith("GIT_") and not name.startswith(_KEPT)}
        for name in self._dropped:
            del os.environ[name]
        self.git = git.Git(self._folder.name)
        self.git.update_environment(**_ENVIRONMENT)
        self.git.init("--bare", "--quiet", "--template=", f"--object-format={self._format}", ".")
        self.git.update_environment(GIT_DIR=self._folder.name, GIT_OBJECT_DIRECTORY=str(self._objects.resolve()))
        return self

    def __exit__(self, *_: object) -> None:
        os.environ.update(self._dropped)
        if self.git is not None:
            self.git.clear_cache()
        self._folder.cleanup()

    def read(self, name: str, limit: int) -> bytes | None:
        """Return the first `limit` bytes of an object, None of one that is missing or broken."""
        try:
            data: bytes = self.git.stream_object_data(name)[3].read(limit)
        except (ValueError, OSError):
            self.git.clear_cache()  # the git that serves objects has ended
            return None
        return data


def said(error: Exception) -> str:
    """Return in a few words what git complained of."""
    lines = [line.strip(" '") for line in str(getattr(error, "stderr", "") or "").replace("stderr:", "").splitlines()]
    return next((line.removeprefix("fatal: ").removeprefix("error: ")[:200] for line in lines if line), "git could not tell")
