"""Proposed messages: a patch that applies, after which the rule is silent."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tdxwhy.check.catalogue import rules_of
from tdxwhy.check.fix import proposals
from tdxwhy.check.judges.code import judge_code
from tdxwhy.config import Settings

FILE = "arch/x86/virt/vmx/tdx/tdx.c"
CODE = """\
static void noise(void)
{
}

static int do_lp_init(int cpu)
{
	u64 err = seamcall(TDH_SYS_LP_INIT);

	if (err)
		pr_err_once("SEAMCALL (0x%llx) failed: 0x%llx\\n", fn, err);
	return 0;
}

static int init_tdx_module(void)
{
	int ret = enable();

	if (ret) {
		pr_info("module initialization failed (%d)\\n",
			ret);
		return ret;
	}
	return 0;
}
"""


def fixed(folder: Path, code: str) -> str:
    path = folder / FILE
    path.parent.mkdir(parents=True)
    path.write_text(code)
    found = judge_code(code, FILE, rules_of(), Settings())
    patch = proposals(code, FILE, found.findings, rules_of())
    subprocess.run(
        ["git", "apply", "-"],
        cwd=folder,
        input=patch,
        text=True,
        check=True,
        env={"GIT_CEILING_DIRECTORIES": str(folder.parent), "PATH": "/usr/bin:/bin"},
    )
    return path.read_text()


def test_the_patch_applies_and_the_rules_are_silent(tmp_path: Path) -> None:
    after = fixed(tmp_path, CODE)
    assert 'pr_err_ratelimited("SEAMCALL (0x%llx) failed: 0x%llx: package %u, CPU %d %s\\n"' in after
    assert 'topology_physical_package_id(cpu), cpu, cpu_online(cpu) ? "online" : "offline")' in " ".join(after.split())
    assert 'pr_err("module initialization failed (%pe)\\n",' in after
    assert "ERR_PTR(ret)" in after
    left = {one.rule for one in judge_code(after, FILE, rules_of(), Settings()).findings}
    assert not left & {"TDX203", "TDX204", "TDX206"}
    assert [line for line in after.splitlines() if "package" in line] == [
        line for line in after.splitlines() if "SEAMCALL" in line or "topology" in line
    ]


def proposed(body: str, head: str = "static int do_lp_init(void)") -> str:
    code = f"{head}\n{{\n{body}}}\n"
    found = judge_code(code, FILE, rules_of(), Settings())
    patch = proposals(code, FILE, found.findings, rules_of())
    return " ".join(" ".join(line[1:].split()) for line in patch.splitlines() if line.startswith("+") and not line.startswith("+++"))


FAIL = '\tpr_err("SEAMCALL failed\\n");\n'


@pytest.mark.parametrize(
    ("body", "head", "wanted"),
    [
        (FAIL, "static int do_lp_init(void)", ""),
        (f"\tfor_each_online_cpu(cpu) {{\n\t\tret = f(cpu);\n\t\tif (ret)\n\t{FAIL}\t}}\n", "static int lp_init_all(void)",
         'pr_err("SEAMCALL failed: package %u, CPU %d online\\n", topology_physical_package_id(cpu), cpu);'),
        (f"\tunsigned int cpu;\n\tfor_each_present_cpu(cpu) {{\n\t{FAIL}\t}}\n", "static int lp_init_all(void)",
         'package %u, CPU %u %s\\n", topology_physical_package_id(cpu), cpu, cpu_online(cpu) ? "online" : "offline");'),
        (f"\tint cpu;\n\tfor_each_online_cpu(cpu) {{\n\t\tret = f(cpu);\n\t}}\n{FAIL}", "static int lp_init_all(void)", ""),
        (f"\tint me = smp_processor_id();\n{FAIL}", "static void do_lp_init(void *unused)",
         'pr_err("SEAMCALL failed: package %u, CPU %d online\\n", topology_physical_package_id(me), me);'),
        ('\tpr_err("CPU %d: SEAMCALL failed\\n", raw_smp_processor_id());\n' * 2, "static void do_lp_init(void *unused)",
         ': package %u, CPU online\\n", raw_smp_processor_id(), topology_physical_package_id(raw_smp_processor_id()));'),
        (f"\tint pkg = next();\n{FAIL}", "static int key_config_packages(void)", 'pr_err("SEAMCALL failed: package %u\\n", pkg);'),
    ],
)  # fmt: skip
def test_only_what_the_code_has_is_named(body: str, head: str, wanted: str) -> None:
    found = proposed(body, head)
    assert "cpu_online(raw_smp_processor_id())" not in found
    assert "cpu_online(smp_processor_id())" not in found
    assert wanted in found if wanted else found == ""


def test_a_patch_gets_a_patch_on_the_tree_after_it() -> None:
    added = "".join(f"+{line}\n" for line in CODE.splitlines())
    text = f"--- /dev/null\n+++ b/{FILE}\n@@ -0,0 +1,{len(CODE.splitlines())} @@\n{added}"
    found = judge_code(text, "x.patch", rules_of(), Settings())
    patch = proposals(text, "x.patch", found.findings, rules_of())
    assert f"+++ b/{FILE}" in patch
    assert "-\t\tpr_err_once(" in patch
    assert "@@ -7,7 +7,9 @@" in patch or "@@ -7,7 +7,8 @@" in patch


def test_a_user_triggerable_message_is_made_debug(tmp_path: Path) -> None:
    code = (
        "static long tdx_ioctl(struct file *f)\n{\n\tif (copy_from_user(&req, p, n)) {\n"
        '\t\tpr_err("SEAMCALL copy failed\\n");\n\t\treturn -EFAULT;\n\t}\n}\n'
    )
    assert 'pr_debug("SEAMCALL copy failed' in fixed(tmp_path, code)


@pytest.mark.parametrize("text", ["", "int x;\n", 'pr_err("unclosed', '\tpr_err("SEAMCALL failed\\n"\n'])
def test_without_a_call_there_is_no_proposal(text: str) -> None:
    found = judge_code(text, FILE, rules_of(), Settings())
    assert proposals(text, FILE, found.findings, rules_of()) == ""
