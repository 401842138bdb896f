"""What is expanded at once is what steps make of it, and what is not whole is left to the steps."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable

import pytest
import zstandard

from tdxwhy.read.expand import expanded, whole
from tdxwhy.read.opening import Opened

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


EVERY: list[tuple[str, Callable[[bytes], bytes]]] = [*COMPRESSED, ("xz", lzma.compress), ("bz2", bz2.compress)]


@pytest.mark.parametrize(("kind", "compress"), EVERY)
@pytest.mark.parametrize("padding", [1, 3, 4, 512, 1 << 14, 3 << 20])
def test_nuls_between_and_behind_streams_are_padding(kind: str, compress: Callable[[bytes], bytes], padding: int) -> None:
    packed = compress(DATA) + bytes(padding) + compress(b"more\n") + bytes(padding)
    opened = Opened(io.BytesIO(packed), "x")
    assert b"".join(opened.blocks()) == DATA + b"more\n"
    assert not opened.losses
    for step in (1, 7):
        small = compress(b"a") + bytes(5) + compress(b"b") + bytes(5)
        assert b"".join(expanded(kind, (small[at : at + step] for at in range(0, len(small), step)))) == b"ab"


@pytest.mark.parametrize(("kind", "compress"), EVERY)
@pytest.mark.parametrize("rubbish", [b"rubbish", b"\0\0rubbish\0", b"\n", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0"])
def test_what_stands_behind_a_stream_and_is_none_is_lost_alone(kind: str, compress: Callable[[bytes], bytes], rubbish: bytes) -> None:
    opened = Opened(io.BytesIO(compress(DATA) + rubbish), "x")
    assert b"".join(opened.blocks()) == DATA
    assert [loss.what.split(" (")[0] for loss in opened.losses] == [f"rest of a {kind} stream that is cut or broken"]


def test_a_dictionary_beyond_measure_is_refused() -> None:
    data = bytearray(lzma.compress(DATA))
    end = 12 + 4 * data[12]  # the block's header: its size, flags, filter, size of properties, dictionary, and at the end its CRC
    data[16] = 36  # 1 GiB, which a writer would have to have
    data[end : end + 4] = zlib.crc32(data[12:end]).to_bytes(4, "little")
    opened = Opened(io.BytesIO(bytes(data)), "x")
    assert not b"".join(opened.blocks())
    assert opened.losses
