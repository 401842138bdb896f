"""Two cores are often shared: a property test has no deadline of its own."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("shared-cores", deadline=None)
settings.load_profile("shared-cores")
