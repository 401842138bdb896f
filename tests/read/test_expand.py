"""What is expanded at once is what steps make of it, and what is not whole is left to the steps."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest
import zstandard

from tdxwhy.read.expand import expanded, whole

DATA = b"[    1.000000] virt/tdx: module initialized\n" * 2000
UNSIZED = zstandard.ZstdCompressor(write_content_size=False)
COMPRESSED: list[tuple[str, Callable[[bytes], bytes]]] = [("gz", gzip.compress), ("zst", zstandard.compress)]


@pytest.mark.parametrize(("kind", "compress"), COMPRESSED)
@pytest.mark.parametrize("data", [b"", b"x", DATA])
def test_a_whole_input_is_expanded_at_once(kind: str, compress: Callable[[bytes], bytes], data: bytes) -> None:
    packed = compress(data)
    assert whole(kind, packed, 1 << 20) == data == b"".join(expanded(kind, [packed]))


@pytest.mark.parametrize(("kind", "compress"), COMPRESSED)
def test_what_is_cut_followed_or_too_big_is_not(kind: str, compress: Callable[[bytes], bytes]) -> None:
    packed = compress(DATA)
    assert whole(kind, packed[:-5], 1 << 20) is None
    assert whole(kind, packed + packed, 1 << 20) is None
    assert whole(kind, packed + b"\0rest", 1 << 20) is None
    assert whole(kind, packed, len(DATA) - 1) is None
    assert whole(kind, packed, len(DATA)) == DATA
    broken = bytearray(packed)
    broken[len(broken) // 2] ^= 255
    if kind == "gz":  # zstd without a check sum cannot tell
        assert whole(kind, bytes(broken), 1 << 20) is None


def test_other_kinds_are_read_by_steps() -> None:
    assert whole("xz", b"\xfd7zXZ\0", 1 << 20) is None
    unsized = UNSIZED.compress(DATA)
    assert whole("zst", unsized, 1 << 20) is None
    assert b"".join(expanded("zst", [unsized])) == DATA
