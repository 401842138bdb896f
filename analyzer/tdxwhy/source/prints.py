"""Print calls in patches and C files.

In patches a cheap filter finds the names of calls that may print, and the grammar reads the calls. Whole files go through tree-sitter,
which gives the same PrintSite.
"""

from __future__ import annotations

from tdxwhy.source.calls import print_pattern
from tdxwhy.source.code import fragments
from tdxwhy.source.diff import holds_diff
from tdxwhy.source.grammar import defined_literals, fragment_sites
from tdxwhy.source.nouns import PrintSite
from tdxwhy.source.tree_sites import tree_sites


def print_sites(text: str, name: str) -> tuple[PrintSite, ...]:
    """Return the print calls of a patch (those in its hunks) or of a C file, in the order in which they stand."""
    if not print_pattern().search(text):
        return ()
    if holds_diff(text):
        return patch_sites(text, name)
    return tree_sites(text, name) if name.endswith((".c", ".h")) else ()


def patch_sites(text: str, name: str) -> tuple[PrintSite, ...]:
    """Return the print calls in the hunks of a patch, or, by the grammar alone, those of a C file."""
    pieces = list(fragments(text, name))
    literals = {key: value for piece in pieces for key, value in defined_literals(piece.text).items()}
    return tuple(site for piece in pieces for site in fragment_sites(piece, name, literals))
