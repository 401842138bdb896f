"""Files that somebody names: read with a limit, written in the place of a link; TOML of which no line is made to exhaust its reader."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from tdxwhy.errors import TdxwhyError, reason
from tdxwhy.hints import TYPE_CHECKING, Any, BinaryIO, TextIO, cast
from tdxwhy.lazy import lazy

if TYPE_CHECKING:
    from pathlib import Path

# Python converts no number of more than 4,300 digits, and takes quadratic time up to there.
_NUMBER = lazy(r"[0-9][0-9_]{999}|0x[0-9A-Fa-f_]{999}")
# tomllib takes quadratic time and memory over the parts of a dotted key.
_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+"""
_DOTTED = lazy(rf"(?<![\w-]){_PART}(?:\.[ \t]*+{_PART}){{64}}")
_SYSTEM = ("/dev/", "/proc/")
# How often it is looked whether somebody writes to a pipe, and the seconds in between.
_STEPS, _STEP = 60, 0.025


def shown(name: str) -> str:
    """Return a name as it can be shown in any format: the bytes of a file's name may be anything."""
    if name.isprintable():
        return name
    decoded = os.fsencode(name).decode("utf-8", "replace") if not _lone(name) else name
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in decoded)


def _lone(name: str) -> bool:
    """Tell whether a name holds half a surrogate pair that no file system gave."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return True
    return False


def descriptor(path: str | os.PathLike[str], flags: int = os.O_RDONLY) -> int:
    """Open a file that somebody names; OSError of a pipe to which nobody writes, for which `open` would wait for ever."""
    handle = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(handle)
        if stat.S_ISFIFO(status.st_mode):
            _await_writer(path, handle)
        if not (stat.S_ISREG(status.st_mode) and status.st_size):  # of no size are those of /proc, too, of which some wait
            os.set_blocking(handle, True)
    except BaseException:
        os.close(handle)
        raise
    return handle


# Such a file's bytes.
reading = cast("Callable[[str | os.PathLike[str]], BinaryIO]", partial(open, mode="rb", opener=descriptor))


def _await_writer(pipe: str | os.PathLike[str], handle: int) -> None:
    """Open a pipe as if to read it, which waits for somebody who writes; nothing that does not wait can tell whether there is anybody."""
    from select import select
    from threading import Thread

    waiting = Thread(target=lambda: os.close(os.open(pipe, os.O_RDONLY | os.O_CLOEXEC)), daemon=True)
    waiting.start()
    steps = 0
    while not (written := bool(select([handle], [], [], 0)[0])) and waiting.is_alive() and steps < _STEPS:
        waiting.join(_STEP)
        steps += 1
    if waiting.is_alive():
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        if not written:
            raise OSError(errno.EPIPE, "nobody writes to this pipe")


def read_bytes(path: Path, most: int) -> bytes:
    """Return what a file holds; TdxwhyError says in one line why not."""
    try:
        with reading(path) as stream:
            data = stream.read(most + 1)
    except OSError as error:
        raise TdxwhyError(f"{path}: {reason(error)}") from error
    if len(data) > most:
        raise TdxwhyError(f"{path}: larger than {most >> 20 or 1} MiB")
    return data


def toml(text: str) -> dict[str, Any]:
    """Parse TOML; ValueError says in one line what is wrong, also of what is made to exhaust its reader."""
    import tomllib

    if _NUMBER.search(text):
        raise ValueError("a number of a thousand digits")
    if _DOTTED.search(text):
        raise ValueError("a key of more than 64 parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def write_text(path: Path, text: str) -> None:
    """Write a file as `replaced` does."""
    with replaced(path) as file:
        file.write(text)


@contextmanager
def replaced(path: Path) -> Iterator[TextIO]:
    """Write a file aside and put it in its place when it is whole: who reads it never sees half, and what a link points to is left alone.

    A device, a pipe and /dev/stdout are written.
    """
    try:
        if _written_in_place(path):
            with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
                yield file
            return
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        aside.unlink(missing_ok=True)
        try:
            with aside.open("x", encoding="utf-8", errors="replace", newline="") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as error:
        raise TdxwhyError(f"{path}: {(error.strerror or 'cannot be written').lower()}") from error


def _written_in_place(path: Path) -> bool:
    if os.path.abspath(path).startswith(_SYSTEM):  # noqa: PTH100 - links are what this is about
        return True
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode))
