"""Patches applied to texts, hunk by hunk."""

from __future__ import annotations

import difflib

from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.source.apply import apply_hunks, apply_patches
from tdxwhy.source.diff import parse_diff


def diff(old: list[str], new: list[str]) -> str:
    return "\n".join(difflib.unified_diff(old, new, "a/f.c", "b/f.c", lineterm="", n=2)) + "\n"


@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=30), st.lists(st.sampled_from("abcde"), min_size=1, max_size=30))
def test_what_diff_says_leads_from_one_text_to_the_other(old, new):
    applied = apply_patches({"f.c": "\n".join(old)}, parse_diff(diff(old, new)))
    assert (applied.texts["f.c"], applied.troubles) == ("\n".join(new), ())


def test_a_moved_place_is_found_and_blanks_may_differ():
    old, new = ["one", "\ttwo", "three"], ["one", "\ttwo", "new", "three"]
    (patch,) = parse_diff(diff(old, new))
    text, troubles = apply_hunks("zero\nzero\nzero\none\n  two\nthree", patch.hunks)
    assert troubles == ()
    assert "new" in text.split("\n")


def test_a_hunk_that_does_not_fit_is_named_and_the_rest_applied():
    text = "--- a/f.c\n+++ b/f.c\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n@@ -9,1 +9,1 @@\n-nine\n+9\n"
    applied = apply_patches({"f.c": "one\ntwo\nthree"}, parse_diff(text))
    assert applied.texts["f.c"] == "one\n2\nthree"
    assert applied.troubles == ("f.c: hunk 2 (line 9) does not apply",)


def test_new_removed_and_missing_files():
    text = "--- /dev/null\n+++ b/n.c\n@@ -0,0 +1 @@\n+x\n--- a/g.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-y\n--- a/m.c\n+++ b/m.c\n@@ -1 +1 @@\n-y\n+z\n"
    applied = apply_patches({"g.c": "y"}, parse_diff(text))
    assert applied.texts == {"n.c": "x\n"}
    assert applied.troubles == ("m.c: not in the tree, 1 hunk left out",)
