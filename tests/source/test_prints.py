"""Print calls in patches and C files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.source.grammar import prefix, read_format
from tdxwhy.source.prints import print_sites


def sites(body: str):
    return print_sites(f"static int demo(int cpu)\n{{\n\t{body}\n}}\n", "demo.c")


def only(body: str):
    (site,) = sites(body)
    return site


@pytest.mark.parametrize(
    ("body", "call", "level", "text", "args"),
    [
        ('pr_err("no answer\\n");', "pr_err", "err", "no answer\\n", ()),
        ('pr_warn_ratelimited("CPU%d\\n", cpu);', "pr_warn_ratelimited", "warn", "CPU%d\\n", ("cpu",)),
        ('dev_dbg(&d->dev, "x %d", f(a, b));', "dev_dbg", "debug", "x %d", ("f(a, b)",)),
        ('dev_err_probe(dev, ret, "no clock\\n");', "dev_err_probe", "err", "no clock\\n", ()),
        ('printk(KERN_ERR "a" "b\\n");', "printk", "err", "ab\\n", ()),
        ('printk("plain\\n");', "printk", "default", "plain\\n", ()),
        ('printk(KERN_WARNING FW_BUG "bad table\\n");', "printk", "warn", "[Firmware Bug]: bad table\\n", ()),
        ('WARN_ONCE(cpu < 0, "cpu %d\\n", cpu);', "WARN_ONCE", "warn", "cpu %d\\n", ("cpu",)),
        ("WARN_ON_ONCE(cpu < 0);", "WARN_ON_ONCE", "warn", "", ("cpu < 0",)),
        ('pr_err("addr %" PRIx64 "\\n", addr);', "pr_err", "err", "addr %llx\\n", ("addr",)),
        (
            'pr_err("one "\n\t       "two %u, \\"q\\"\\n",\n\t       topology_physical_package_id(cpu));',
            "pr_err",
            "err",
            'one two %u, \\"q\\"\\n',
            ("topology_physical_package_id(cpu)",),
        ),
        ("pr_err(\"%c (%d)\\n\", ')', cpu);", "pr_err", "err", "%c (%d)\\n", ("')'", "cpu")),
        ('netdev_notice(d, "up\\n");', "netdev_notice", "notice", "up\\n", ()),
        ('panic("no way %d", cpu);', "panic", "emerg", "no way %d", ("cpu",)),
        ('pr_info(on ? "on\\n" : "off\\n");', "pr_info", "info", "on\\n", ()),
        ('btrfs_err(fs, "no such tree %d\\n", id);', "btrfs_err", "err", "no such tree %d\\n", ("id",)),
        ('edac_printk(KERN_ERR, "name", "node %d is off\\n", node);', "edac_printk", "err", "node %d is off\\n", ("node",)),
        ('pr_devel("x\\n");', "pr_devel", "debug", "x\\n", ()),
        ("pr_warn(SMT_MESSAGE, cpu);", "pr_warn", "warn", "SMT_MESSAGE", ("cpu",)),
    ],
)
def test_each_kind_of_call_is_read(body, call, level, text, args):
    site = only(body)
    assert (site.call, site.level, site.format, site.args, site.function) == (call, level, text, args, "demo")


@pytest.mark.parametrize(
    "body",
    [
        '/* pr_err("x"); */',
        '// pr_err("x");',
        'clk_get_err("name");',
        'set_last_error(cpu, "x");',
        '#define demo_err(d, fmt, ...) dev_err((d)->dev, "demo: " fmt, ##__VA_ARGS__)\n',
        'f("pr_err(\\"x\\")");',
        "pr_err(text);",
        "my_pr_err_count(1);",
        'pr_err("torn',
        "pr_err(" + "(" * 99,
        "u64 pr_error = f(1);",
    ],
)
def test_what_is_no_call_with_a_literal_is_left_out(body):
    assert sites(body) == ()


def test_once_and_ratelimited_are_told():
    assert only('pr_err_once("x\\n");').once
    assert only('pr_err_ratelimited("x\\n");').ratelimited


PATCH = """\
--- a/arch/x86/virt/demo.c
+++ b/arch/x86/virt/demo.c
@@ -20,7 +20,9 @@ static int demo_start(void)
 	pr_info("starting\\n");
 	ret = demo_reset();
-	pr_err("reset failed\\n");
+	pr_err("reset failed on CPU %d: %d\\n",
+	       cpu, ret);
 	pr_err("also %d\\n",
-	       a);
+	       b);
 	return ret;
 }
@@ -40,2 +42,7 @@ static int demo_start(void)
 
+static void demo_stop(int cpu)
+{
+	pr_info("stopped\\n");
+}
+
 #define X 1
"""


def test_a_patch_adds_or_changes_calls_in_functions():
    found = [(site.format, site.added, site.function, site.place.line, site.file, site.file_line) for site in print_sites(PATCH, "1.eml")]
    path = "arch/x86/virt/demo.c"
    assert found == [
        ("starting\\n", False, "demo_start", 4, path, 20),
        ("reset failed on CPU %d: %d\\n", True, "demo_start", 7, path, 22),
        ("also %d\\n", True, "demo_start", 9, path, 24),
        ("stopped\\n", True, "demo_stop", 18, path, 45),
    ]


def test_a_hunk_inside_a_comment_has_no_calls():
    patch = '--- a/x.c\n+++ b/x.c\n@@ -1,3 +1,4 @@ int f(void)\n  * Long words:\n+ * pr_err("x") prints\n  */\n int y;\n'
    assert print_sites(patch, "1.eml") == ()


def test_the_documentation_is_not_code():
    patch = '--- a/Documentation/x.rst\n+++ b/Documentation/x.rst\n@@ -1 +1,2 @@\n a\n+  pr_err("x\\n");\n'
    assert print_sites(patch, "1.eml") == ()


def test_prose_without_a_diff_has_no_print_sites():
    assert print_sites('Please use pr_err("x\\n") here.', "1.eml") == ()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('#define pr_fmt(fmt)\t"virt/demo: " fmt\n', "virt/demo: "),
        ('#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt\n', ": "),
        ("#define pr_fmt(fmt) fmt\n", ""),
        ("int x;\n", ""),
    ],
)
def test_the_prefix_of_a_file(text, wanted):
    assert prefix(text) == wanted


PIECES = st.lists(st.text(alphabet="ab %du()',{};", max_size=10), min_size=1, max_size=4)
ARGUMENTS = st.lists(st.sampled_from(["cpu", "f(a, b)", "x[i]", "a ? b : c", "(u64)y", "g(h(1), ')')", '"s, t"', "p->q.r"]), max_size=4)


@given(PIECES, ARGUMENTS, st.sampled_from(["pr_err", "pr_warn", "pr_info_once"]), st.sampled_from([" ", "\n\t\t"]))
def test_what_is_written_is_read(pieces, args, call, gap):
    written = gap.join(f'"{piece}"' for piece in pieces)
    site = only(f"\t{call}({written}{''.join(',' + gap + arg for arg in args)});")
    assert (site.call, site.format, site.args) == (call, "".join(pieces), tuple(args))


@given(st.text(alphabet="pr_eWAN(){}\"',\\%d\n/* ", max_size=200))
def test_any_text_is_survived(text):
    print_sites(text, "x.c")
    print_sites("--- a/f.c\n+++ b/f.c\n@@ -1,9 +1,9 @@\n+pr_err(" + text, "x")


def test_a_format_of_something_else_is_none():
    assert read_format("text") is None
    assert read_format('("a" "b")') == ("", "ab")
