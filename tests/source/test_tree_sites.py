"""The grammar and tree-sitter find the same print calls."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.source.prints import patch_sites
from tdxwhy.source.tree_sites import tree_sites

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "patches" / "tree"
CODE = """
#define pr_fmt(fmt) "demo: " fmt
#define REGISTERS "rcx 0x%llx " \\
	"rdx 0x%llx\\n"
#define complain(fn, err) \\
	pr_err_ratelimited("%s: 0x%llx\\n", #fn, err)

static __always_inline int __init first(struct demo *d, int cpu)
{
	for_each_online_cpu(cpu) {
		if (WARN_ON_ONCE(!d))
			continue;
		dev_warn(&d->dev, "CPU%d in package %u\\n", cpu,
			 topology_physical_package_id(cpu));
	}
	pr_info(REGISTERS, d->rcx, (u64)d->rdx);
	/* pr_err("not code\\n"); */
	printk(KERN_ERR "a" "b %c\\n", ',');
	ACPI_ERROR((AE_INFO, "no answer from %s", d->name));
	switch (cpu) {
	case 1: pr_notice_once("one\\n"); break;
	default: netdev_dbg(d->net, "other\\n");
	}
	return 0;
}

void second(void)
{
#ifdef CONFIG_A
	pr_warn("with A\\n");
#else
	pr_warn("without A: %s\\n", "x, y");
#endif
}
"""


def test_both_ways_give_the_same_patch_sites():
    found = patch_sites(CODE, "demo.c")
    assert tree_sites(CODE, "demo.c") == found
    assert [(site.call, site.format, site.function) for site in found] == [
        ("pr_err_ratelimited", "%s: 0x%llx\\n", "complain"),
        ("WARN_ON_ONCE", "", "first"),
        ("dev_warn", "CPU%d in package %u\\n", "first"),
        ("pr_info", "rcx 0x%llx rdx 0x%llx\\n", "first"),
        ("printk", "ab %c\\n", "first"),
        ("ACPI_ERROR", "no answer from %s", "first"),
        ("pr_notice_once", "one\\n", "first"),
        ("netdev_dbg", "other\\n", "first"),
        ("pr_warn", "with A\\n", "second"),
        ("pr_warn", "without A: %s\\n", "second"),
    ]


@pytest.mark.parametrize("path", sorted(SAMPLES.rglob("*.c")), ids=lambda path: path.name)
def test_both_ways_agree_on_the_samples(path: Path):
    text = path.read_text(encoding="utf-8")
    assert tree_sites(text, path.name) == patch_sites(text, path.name) != ()


STATEMENTS = st.lists(
    st.sampled_from(
        [
            'pr_err("a %d\\n", x);',
            'if (x) { pr_warn("b\\n"); }',
            "x = f(y);",
            'dev_err(d, "c" "d %s\\n", g(h, "i"));',
            "for_each_cpu(c, m) WARN_ON(c);",
            "/* pr_err(1) */",
            "",
            "out:",
        ]
    ),
    max_size=12,
)


@given(st.lists(STATEMENTS, min_size=1, max_size=3))
def test_both_ways_agree_on_any_functions(bodies):
    text = "\n".join(
        f"int f{number}(int x)\n{{\n" + "\n".join(f"\t{row}" for row in body) + "\n\treturn 0;\n}" for number, body in enumerate(bodies)
    )
    assert tree_sites(text, "x.c") == patch_sites(text, "x.c")
