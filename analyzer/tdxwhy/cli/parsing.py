"""An argument parser that takes options and paths in any order, as users write them."""

from __future__ import annotations

import argparse
from typing import Any


class AnyOrder(argparse.ArgumentParser):
    """A parser for which `gate --select TDX2 a.patch --format json b.patch` is one list of two paths."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401 - as argparse has it
        """Parse with options and positionals intermixed."""
        return self.parse_intermixed_args(args, namespace)
