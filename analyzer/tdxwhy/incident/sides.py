"""On which side of the mainline KVM TDX interface (6.16) a kernel and a QEMU are, by their versions."""

from __future__ import annotations

from collections.abc import Iterator

from tdxwhy.lazy import lazy

_VERSION = lazy(r"(?:[0-9]:)?v?([0-9]{1,4})\.([0-9]{1,4})")
_MAINLINE, _HOST_CODE, _AT_BOOT, _UPDATES = (6, 16), (6, 8), (7, 1), (7, 2)
_QEMU = (10, 1)
_QGS = (1, 21)
# Whose kernels take newer code into old versions.
_BACKPORTS = lazy(r"\.el\d|\.fc\d|anolis|\.an\d|amzn|azure|gcp|\.oe\d|tencent|tlinux|ali")
_OUT_OF_TREE = lazy(r"-intel\b|tdx|mvp|-kvm-tdx")


def version(text: str) -> tuple[int, int] | None:
    """Return major and minor of a version."""
    found = _VERSION.match(text.strip())
    return (int(found[1]), int(found[2])) if found is not None else None


def of_kernel(release: str) -> Iterator[str]:
    """Yield what a kernel's release says of its KVM TDX interface."""
    found = version(release)
    if found is None:
        return
    if found < _UPDATES:
        yield "kernel-without-updates"
    if found >= _MAINLINE:
        yield "kernel-mainline"
        if found < _AT_BOOT:
            yield "kernel-counter"
        else:
            yield "kernel-at-boot"
        if found >= _UPDATES:
            yield "kernel-updates"
    elif _OUT_OF_TREE.search(release):
        yield "kernel-out-of-tree"
    elif found >= _HOST_CODE and not _BACKPORTS.search(release):
        yield "kernel-without-kvm-tdx"


def of_qemu(text: str) -> Iterator[str]:
    """Yield what a QEMU's version says of its TDX."""
    found = version(text)
    if found is None:
        return
    if found >= _QEMU:
        yield "qemu-mainline"
    elif "tdx" in text.lower():
        yield "qemu-patched"
    else:
        yield "qemu-stock-old"


def of_qgs(text: str) -> Iterator[str]:
    """Yield what the quote service's version says of its messages."""
    found = version(text)
    if found is not None and found < _QGS:
        yield "qgs-old"
