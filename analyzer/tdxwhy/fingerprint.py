"""Fingerprints that survive moved lines and new time stamps."""

from __future__ import annotations

from tdxwhy.lazy import lazy

_STAMP = lazy(r"^(?:<\d{1,3}>)?\s*(?:\[ *\d+\.\d+\] ?)?(?:\[ *[TC]\d+\] ?)?")
_HASHED = 4096


def _content(quote: str) -> str:
    """Return a quoted line without its time stamp, its caller and its indentation."""
    return " ".join(_STAMP.sub("", quote[:_HASHED]).split())


def fingerprint(rule: str, quote: str, package: int | None = None, cpu: int | None = None) -> str:
    """Digest what a finding is about: its rule, the line that carries it, and whom it names; never a line number."""
    import hashlib

    parts = (rule, _content(quote), "" if package is None else str(package), "" if cpu is None else str(cpu))
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
