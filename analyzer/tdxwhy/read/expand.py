"""Decompress gz, xz, zst and bz2 step by step: each step's output is bounded, and what comes before a break is not lost."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from importlib import import_module

from tdxwhy.hints import Any

MAGICS = ((b"\x1f\x8b", "gz"), (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "zst"), (b"BZh", "bz2"))
# Behind a byte from 0x50 to 0x5f: a frame that zstd passes over, which may come first (RFC 8878, 3.1.2).
_SKIPPED = b"\x2a\x4d\x18"
STEP = 1 << 20
# Without a limit of its own, zstd makes up to 32 kB out of one byte: it is fed by the spoon.
_SPOON = 1 << 10
_GZIP_WINDOW = 31
_ZSTD_WINDOW = 1 << 27
# `xz -9` makes streams that take 65 MiB.
_XZ_MEMORY = 192 << 20


def compression_of(head: bytes) -> str:
    """Return the kind of compression by the first bytes, or an empty string."""
    if head[1:4] == _SKIPPED and head[0] >> 4 == 5:
        return "zst"
    return next((kind for magic, kind in MAGICS if head.startswith(magic)), "")


def whole(kind: str, data: bytes, most: int) -> bytes | None:
    """Return the content of a complete gz or zst of at most `most` bytes at once, three times as fast as by steps; None of any other."""
    try:
        return {"gz": _whole_gzip, "zst": _whole_zstd}[kind](data, most)
    except Exception:  # noqa: BLE001 - no such library, broken or cut: steps will tell what, and keep what comes before it
        return None


def _whole_gzip(data: bytes, most: int) -> bytes | None:
    state = _zlib().decompressobj(_GZIP_WINDOW)
    content: bytes = state.decompress(data, most)
    return content if state.eof and not state.unused_data else None


def _whole_zstd(data: bytes, most: int) -> bytes | None:
    zstandard: Any = import_module("zstandard")
    if data[1:4] == _SKIPPED or not 0 <= zstandard.frame_content_size(data) <= most:
        return None  # of unknown size, or passed over: the library, or an older one, would not tell of what follows the frame
    library = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    content: bytes = library.decompress(data, max_output_size=most, allow_extra_data=False)
    return content


def _zlib() -> Any:  # noqa: ANN401 - either library's module
    try:
        return import_module("isal.isal_zlib")
    except ImportError:
        return import_module("zlib")


def expanded(kind: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the content of all streams that stand one behind another; raise the library's own error or EOFError where the input breaks.

    NULs between and behind them are padding: tapes, block devices and preallocated files leave them.
    """
    new, feed = {"gz": _gzip, "xz": _xz, "zst": _zstandard, "bz2": _bz2}[kind]()
    state = new()
    for chunk in chunks:
        data = chunk
        while data := data.lstrip(b"\0") if state.eof else data:
            state = new() if state.eof else state
            data = yield from feed(state, data)
    if not state.eof:
        raise EOFError


# How a stream begins, and how it is fed: that yields what comes out, and returns what stands behind its end.
_Kind = tuple[Callable[[], Any], Callable[[Any, bytes], Generator[bytes, None, bytes]]]


def _gzip() -> _Kind:
    return partial(_zlib().decompressobj, _GZIP_WINDOW), _by_tail


def _xz() -> _Kind:
    return partial(import_module("lzma").LZMADecompressor, memlimit=_XZ_MEMORY), _by_need


def _bz2() -> _Kind:
    return import_module("bz2").BZ2Decompressor, _by_need


def _zstandard() -> _Kind:
    try:
        zstandard: Any = import_module("zstandard")
    except ImportError:
        return import_module("compression.zstd").ZstdDecompressor, _by_need
    return zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj, _by_spoon


def _by_tail(state: Any, data: bytes) -> Generator[bytes, None, bytes]:  # noqa: ANN401 - a library's own
    while data and not state.eof:
        if part := state.decompress(data, STEP):
            yield part
        data = state.unconsumed_tail
    behind: bytes = state.unused_data
    return behind


def _by_need(state: Any, data: bytes) -> Generator[bytes, None, bytes]:  # noqa: ANN401
    part = state.decompress(data, STEP)
    while part:
        yield part
        part = b"" if state.eof or state.needs_input else state.decompress(b"", STEP)
    return state.unused_data if state.eof else b""


def _by_spoon(state: Any, data: bytes) -> Generator[bytes, None, bytes]:  # noqa: ANN401
    for start in range(0, len(data), _SPOON):
        if part := state.decompress(data[start : start + _SPOON]):
            yield part
        if state.eof:
            behind: bytes = state.unused_data + data[start + _SPOON :]
            return behind
    return b""
