"""Decompress gz, xz, zst and bz2 step by step: each step's output is bounded, and what comes before a break is not lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any

MAGICS = ((b"\x1f\x8b", "gz"), (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "zst"), (b"BZh", "bz2"))
STEP = 1 << 20
# Without a limit of its own, zstd makes up to 32 kB out of one byte: it is fed by the spoon.
_SPOON = 1 << 10
_GZIP_WINDOW = 31
_ZSTD_WINDOW = 1 << 27


def compression_of(head: bytes) -> str:
    """Return the kind of compression by the first bytes, or an empty string."""
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
    if not 0 <= zstandard.frame_content_size(data) <= most:
        return None  # of unknown size: the library would not tell of what follows the frame
    library = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    content: bytes = library.decompress(data, max_output_size=most, allow_extra_data=False)
    return content


def _zlib() -> Any:  # noqa: ANN401 - either library's module
    try:
        return import_module("isal.isal_zlib")
    except ImportError:
        return import_module("zlib")


def expanded(kind: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the content; raise the library's own error or EOFError where the input breaks."""
    if kind == "gz":
        return _inflated(chunks)
    if kind == "zst":
        return _zstandard(chunks)
    library, name = {"xz": ("lzma", "LZMADecompressor"), "bz2": ("bz2", "BZ2Decompressor")}[kind]
    return _stepwise(getattr(import_module(library), name), chunks)


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    zlib = _zlib()
    state = zlib.decompressobj(_GZIP_WINDOW)
    for chunk in chunks:
        data = chunk
        while data:
            if state.eof:
                data = data.lstrip(b"\0")
                state = zlib.decompressobj(_GZIP_WINDOW) if data else state
            part = state.decompress(data, STEP)
            data = state.unused_data if state.eof else state.unconsumed_tail
            if part:
                yield part
            elif not state.eof:
                break
    if not state.eof:
        raise EOFError


def _stepwise(new: Callable[[], Any], chunks: Iterable[bytes]) -> Iterator[bytes]:
    state = new()
    for chunk in chunks:
        data = chunk
        while data or not (state.eof or state.needs_input):
            if state.eof:
                state = new()
            part = state.decompress(data, STEP)
            data = state.unused_data.lstrip(b"\0") if state.eof else b""
            if part:
                yield part
    if not state.eof:
        raise EOFError


def _zstandard(chunks: Iterable[bytes]) -> Iterator[bytes]:
    try:
        zstandard: Any = import_module("zstandard")
    except ImportError:
        yield from _stepwise(import_module("compression.zstd").ZstdDecompressor, chunks)
        return
    library = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    state = library.decompressobj()
    for chunk in chunks:
        for start in range(0, len(chunk), _SPOON):
            data = chunk[start : start + _SPOON]
            while data:
                if state.eof:
                    state = library.decompressobj()
                part = state.decompress(data)
                data = state.unused_data if state.eof else b""
                if part:
                    yield part
    if not state.eof:
        raise EOFError
