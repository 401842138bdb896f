"""A generation drafted from source, and compared with one written by hand."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tdxwhy.cli import main
from tdxwhy.errors import NothingToJudge, RulesError
from tdxwhy.extract import book
from tdxwhy.extract.against import compare, reason, scenarios
from tdxwhy.extract.draft import as_toml, draft
from tdxwhy.replay.data import generation, single
from tdxwhy.shipped import folder
from tdxwhy.source.run.program import program_of

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "patches"
# What a kernel makes of the answer to a SEAMCALL.
ANSWERED = """\
	if (!status)
		return 0;
	if (status == TDX_SEAMCALL_VMFAILINVALID)
		return -ENODEV;
	if (status == TDX_SEAMCALL_GP)
		return -EOPNOTSUPP;
	if (status == TDX_SEAMCALL_UD)
		return -EACCES;
	pr_err("SEAMCALL (0x%016llx) failed: 0x%016llx\\n", fn, status);
"""
HEAD = (
    """
#define pr_fmt(fmt) "virt/tdx: " fmt
#define TDX_SEAMCALL_VMFAILINVALID 0x8000ff00ffff0000ULL
#define TDX_SEAMCALL_GP 0x8000ff000000000dULL
#define TDX_SEAMCALL_UD 0x8000ff0000000006ULL
#define TDX_RND_NO_ENTROPY 0x8000020300000000ULL
#define FIELD_ID_MAX_TDMRS 0x9100000100000008ULL
u64 __seamcall(u64 fn, struct args *args);
static int ask(u64 fn)
{
	int left = 10;
	u64 status;

	do {
		status = __seamcall(fn, NULL);
	} while (status == TDX_RND_NO_ENTROPY && --left);
"""
    + ANSWERED
    + """\
	return -EIO;
}
"""
)
BRINGUP = """
static int first(void)
{
	static bool done;
	static int result;

	if (done)
		return result;
	result = ask(33);
	done = true;
	return result;
}
int cpu_up(void)
{
	int ret;

	if (__this_cpu_read(ready))
		return 0;
	ret = first();
	if (ret)
		return ret;
	ret = ask(35);
	if (ret)
		return ret;
	__this_cpu_write(ready, true);
	return 0;
}
static DEFINE_PER_CPU(bool, ready);
int enable(void)
{
	int cpu, ret;
	void *list = kzalloc(8, GFP_KERNEL);

	if (!list)
		return -ENOMEM;
	ret = ask(45);
	if (!ret)
		for_each_online_cpu(cpu) {
			ret = ask(31);
			if (ret)
				break;
		}
	if (!ret)
		ret = ask(36);
	if (ret) {
		pr_err("module initialization failed (%d)\\n", ret);
		return ret;
	}
	pr_info("module initialized\\n");
	return 0;
}
EXPORT_SYMBOL_GPL(cpu_up);
EXPORT_SYMBOL_GPL(enable);
"""


@pytest.fixture
def made():
    return draft(program_of([("tdx.c", HEAD + BRINGUP)]), "demo")


def operation(made, name):
    return next(each for each in made.operations if each["name"] == name)


def test_answers_and_forms_are_read(made):
    assert made.answers["retry"] == {"status": 0x8000020300000000, "tries": 10}
    assert {name: row["errno"] for name, row in made.answers.items() if "errno" in row} == {
        "status": -5,
        "ud": -13,
        "gp": -95,
        "vmfailinvalid": -19,
    }
    assert made.forms["seamcall-failed"]["args"] == ["leaf", "status"]
    assert made.forms["module-initialization-failed"]["args"] == ["errno"]


def test_operations_are_read_in_order(made):
    steps = {operation["name"]: [step["name"] for step in operation["step"] if step["does"] == "seamcall"] for operation in made.operations}
    assert steps["cpu-enable"] == ["TDH.SYS.INIT", "TDH.SYS.LP.INIT"]
    assert steps["initialize"] == ["TDH.SYS.CONFIG", "TDH.SYS.KEY.CONFIG", "TDH.SYS.TDMR.INIT"]
    cpu = next(operation for operation in made.operations if operation["name"] == "cpu-enable")
    assert [step.get("remember") for step in cpu["step"]] == ["result", "cpu"]
    initialize = next(operation for operation in made.operations if operation["name"] == "initialize")
    assert initialize["on_failure"]["print"] == ["module-initialization-failed"]
    assert initialize["on_success"]["print"] == ["module-initialized"]


def test_what_is_not_followed_is_said(made):
    assert any("nobody in this tree calls cpu_up() and enable()" in each for each in made.unseen)
    unknown = BRINGUP.replace("if (!list)", "if (moon_is_full())")
    made = draft(program_of([("tdx.c", HEAD + unknown)]), "demo")
    rows = [row for row in operation(made, "enable")["step"] if row.get("when") == "as-written"]
    assert {key: rows[0][key] for key in ("when", "stop")} == {"when": "as-written", "stop": -12}
    assert rows[0]["at"].startswith("tdx.c:") and rows[0]["at"].endswith(": moon_is_full()")


def test_vmxon_is_drafted_where_it_is_in_view(made):
    assert any(each.startswith("VMXON") for each in made.unseen)
    vmxon = """
int vmx_enable(void)
{
	asm goto("1: vmxon %[pointer]\\n\\t" : : [pointer] "m"(pointer) : : fault);
	return 0;
fault:
	WARN_ONCE(1, "VMXON faulted, 0x%llx\\n", rdmsr_safe(MSR_IA32_FEAT_CTL, &msr) ? 1 : msr);
	return -EFAULT;
}
"""
    drafted = draft(program_of([("tdx.c", HEAD + BRINGUP), ("vmx.c", vmxon)]), "demo")
    assert not any(each.startswith("VMXON") for each in drafted.unseen)
    form = {"level": 4, "format": "VMXON faulted, 0x%llx", "args": ["feat_ctl"], "warning": "vmx.c", "once": True}
    assert drafted.forms["vmxon-faulted"] == form
    online = next(operation for operation in drafted.operations if operation["name"] == "online-cpu")
    assert [step["call"] for step in online["step"]] == ["vmxon", "cpu-enable"]


def test_a_draft_is_a_generation_file(made):
    assert single("draft.toml", tomllib.loads(as_toml(made))).name == "demo"


def test_a_draft_is_compared_scenario_by_scenario(made):
    found = compare(as_toml(made), generation("6.8"))
    assert found.scenarios == len(list(scenarios("6.8"))) > 50
    assert "all is well" in [difference.title for difference in found.differences]
    assert all(reason(difference) for difference in found.differences)
    assert compare(as_toml(made), single("draft.toml", tomllib.loads(as_toml(made)))._replace(name="6.8")).differences == ()


def test_a_tree_that_brings_nothing_up():
    with pytest.raises(NothingToJudge):
        draft(program_of([("x.c", HEAD)]), "x")


def test_extract_from_the_command_line(capsys, golden):
    assert main(["model", "extract", str(SAMPLES / "tree")]) == 0
    golden(SAMPLES / "expected" / "extracted.toml", capsys.readouterr().out)
    assert main(["model", "extract", str(SAMPLES / "tree"), "--against", "6.8"]) == 1
    assert "scenarios agree with 6.8" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["extract"], ["6.8", "tree"], ["--against", "6.8"], ["extract", "/nowhere"]])
def test_bad_usage_is_one_line(arguments, capsys):
    assert main(["model", *arguments]) == 2
    assert capsys.readouterr().err.startswith("tdxwhy: ")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[impossible]", "[imposible]", "imposible"),
        ("matches = [", "matches = 7\nothers = [", "impossible"),
        ("match = ", "mtach = ", "mtach"),
    ],
)
def test_a_mistake_in_the_table_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, said: str) -> None:
    text = (folder("rules/knowledge") / "extract.toml").read_text()
    assert old in text
    (tmp_path / "extract.toml").write_text(text.replace(old, new, 1))
    monkeypatch.setattr(book, "folder", lambda _: tmp_path)
    with pytest.raises(RulesError, match=r"extract\.toml") as raised:
        book.table.__wrapped__()
    assert said in raised.value.message
    assert "\n" not in raised.value.message
