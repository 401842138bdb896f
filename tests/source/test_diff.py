"""Diffs as mails carry them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.source.diff import parse_diff

PLAIN = """\
diff --git a/drivers/demo/core.c b/drivers/demo/core.c
index 111..222 100644
--- a/drivers/demo/core.c
+++ b/drivers/demo/core.c
@@ -10,4 +10,5 @@ static int demo_start(struct demo *d)
 	int ret;

 	ret = demo_reset(d);
+	if (ret)
-	demo_log(d);
+		return ret;
--
2.40.1
"""


def only_hunk(text: str):
    (patch,) = parse_diff(text)
    (hunk,) = patch.hunks
    return hunk


def test_a_plain_diff_gives_lines_with_their_numbers():
    (patch,) = parse_diff(PLAIN)
    assert patch.path == "drivers/demo/core.c"
    hunk = patch.hunks[0]
    assert hunk.section == "static int demo_start(struct demo *d)"
    assert hunk.trouble == ""
    assert [(line.kind, line.number) for line in hunk.lines] == [(" ", 10), (" ", 11), (" ", 12), ("+", 13), ("-", 13), ("+", 14)]
    assert [line.text for line in hunk.after()][-1] == "\t\treturn ret;"
    assert [line.text for line in hunk.before()][-1] == "\tdemo_log(d);"


@pytest.mark.parametrize("mark", ["> ", ">", "> > ", " > "])
def test_a_quoted_diff_is_the_same_diff(mark):
    quoted = "".join(f"{mark}{line}\n" for line in PLAIN.splitlines())
    assert [line.text for line in only_hunk(quoted).lines] == [line.text for line in only_hunk(PLAIN).lines]


def test_remarks_between_quoted_lines_are_not_code():
    quoted = [f"> {line}" for line in PLAIN.splitlines()]
    quoted.insert(8, "Why is this needed?")
    assert [line.text for line in only_hunk("\n".join(quoted)).lines] == [line.text for line in only_hunk(PLAIN).lines]


def test_a_line_wrapped_by_a_mailer_is_joined():
    wrapped = PLAIN.replace("+\tif (ret)\n", '+\tpr_err("no answer from\nthe device\\n");\n')
    assert '\tpr_err("no answer from the device\\n");' in [line.text for line in only_hunk(wrapped).lines]


def test_lost_leading_blanks_are_context():
    hunk = only_hunk(PLAIN.replace(" \tint ret;", "\tint ret;").replace("\n\n", "\n \n"))
    assert [line.text for line in hunk.lines] == [line.text for line in only_hunk(PLAIN).lines]
    assert hunk.trouble == ""


def test_carriage_returns_and_hard_blanks_do_no_harm():
    assert parse_diff(PLAIN.replace("\n", "\r\n")) == parse_diff(PLAIN)
    assert only_hunk(PLAIN.replace("static int", "static\xa0int")).section.startswith("static int")


@pytest.mark.parametrize(
    ("change", "trouble"),
    [(("+		return ret;\n", ""), "ends early"), (("+10,5 @@", "+10,4 @@"), "is longer than its header says")],
)
def test_a_corrupt_hunk_is_judged_and_said(change, trouble):
    hunk = only_hunk(PLAIN.replace(*change))
    assert hunk.trouble == trouble
    assert len(hunk.lines) >= 5


def test_the_signature_is_no_removed_line():
    assert all(line.text != "-" for line in only_hunk(PLAIN.replace("+		return ret;\n", "")).lines)


def test_new_and_removed_files_have_a_path():
    new = "--- /dev/null\n+++ b/x.c\n@@ -0,0 +1 @@\n+int x;\n"
    gone = "--- a/x.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-int x;\n"
    assert [patch.path for patch in parse_diff(new + gone)] == ["x.c", "x.c"]


def test_prose_holds_no_diff():
    assert parse_diff("Hello,\n\n- one\n+ two\n") == ()


LINES = st.lists(st.tuples(st.sampled_from(" +-"), st.text(alphabet="abc(){};\t ", max_size=12)), min_size=1, max_size=20)


@given(LINES, st.integers(1, 5000), st.sampled_from(["", "> ", "> > "]))
def test_what_is_written_is_read(lines, start, mark):
    old, new = (sum(kind != other for kind, _ in lines) for other in "+-")
    rows = ["--- a/f.c", "+++ b/f.c", f"@@ -{start},{old} +{start},{new} @@", *(kind + text for kind, text in lines), "done"]
    (patch,) = parse_diff("\n".join(mark + row for row in rows))
    assert [(line.kind, line.text) for line in patch.hunks[0].lines] == lines


@given(st.text(alphabet="@-+ ,0123456789\n\\>ab/\r", max_size=300))
def test_any_text_is_survived(text):
    parse_diff(text)
    parse_diff("--- a/f.c\n+++ b/f.c\n@@ -1,9 +1,9 @@\n" + text)


def test_quote_marks_and_blanks_without_end_do_no_harm():
    for line in (">" * 200_000, " " * 200_000, "> " * 100_000):
        assert parse_diff(f"{line}@@ -1 +1 @@\n{line}\n") == ()
