"""What a draft makes of the ways in which kernels are written: callbacks, structures of operations, prints on behalf of others, tables."""

from __future__ import annotations

from typing import Any

from tests.extract.test_draft import ANSWERED, HEAD, operation

from tdxwhy.extract.draft import Draft, draft
from tdxwhy.source.run.program import program_of

PER_CPU = """
static DEFINE_PER_CPU(bool, ready);
static bool asked;
static int result;
static int on_cpu(unsigned int cpu)
{
	int ret;

	ret = ops.turn_on();
	if (ret)
		return ret;
	if (!asked) {
		asked = true;
		result = ask(33);
	}
	if (result)
		return result;
	if (__this_cpu_read(ready))
		return 0;
	ret = ask(35);
	if (!ret)
		__this_cpu_write(ready, true);
	return ret;
}
static int off_cpu(unsigned int cpu)
{
	if (ida_is_empty(&pool))
		goto done;
	for_each_online_cpu(i) {
		if (i != cpu && topology_physical_package_id(i) == topology_physical_package_id(cpu))
			goto done;
	}
	pr_warn_ratelimited(LAST_ONE);
	return -EBUSY;
done:
	flush();
	return 0;
}
#define LAST_ONE "TDX wants this CPU"
static int turn_vmx_on(void)
{
	asm goto("1: vmxon %[pointer]\\n\\t" : : [pointer] "m"(pointer) : : fault);
	return 0;
fault:
	WARN_ONCE(1, "VMXON faulted\\n");
	return -EFAULT;
}
static struct cpu_ops ops = { .turn_on = turn_vmx_on };
"""
CORE = """
static int field(u64 id, u64 *to)
{
	struct args args = {};
	int ret;

	args.rdx = id;
	ret = ask_for(34, &args);
	if (ret)
		return ret;
	*to = args.r8;
	return 0;
}
static int metadata(struct info *info)
{
	int ret = 0, i, j;

	ret = field(0x0800000100000003, &info->minor);
	pr_info("Module version: %u\\n", info->minor);
	if (!ret)
		ret = field(0x9900000100000004, &info->count);
	for (i = 0; i < info->count; i++)
		for (j = 0; j < 2; j++)
			if (!ret)
				ret = field(0x9900000300000500 + i * 2 + j, &info->value);
	return ret;
}
static int bring_up(void)
{
	static struct info info;
	int cpu, ret;

	ret = metadata(&info);
	if (ret)
		return ret;
	ret = ask(45);
	if (ret)
		return ret;
	for_each_online_cpu(cpu) {
		if (cpumask_test_and_set_cpu(topology_physical_package_id(cpu), packages))
			continue;
		ret = smp_call_on_cpu(cpu, key, NULL, true);
		if (ret)
			return ret;
	}
	return ask(36);
}
static int key(void *unused)
{
	return ask(31);
}
"""
START = """
static int start(void)
{
	int ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "x:online", on_cpu, off_cpu);

	if (ret < 0)
		return ret;
	ret = bring_up();
	if (ret) {
		pr_err("bring-up failed (%d)\\n", ret);
		cpuhp_remove_state(ret);
		return ret;
	}
	pr_info("brought up\\n");
	return 0;
}
subsys_initcall(start);
"""
ASK = (
    """
static int ask_for(u64 fn, struct args *args)
{
	u64 status = __seamcall_ret(fn, args);

"""
    + ANSWERED
    + """\
	pr_err("RCX 0x%016llx\\n", args->rcx);
	return -EIO;
}
"""
)


def drafted(text: str = HEAD + ASK + PER_CPU + CORE + START) -> Draft:
    return draft(program_of([("tdx.c", text)]), "demo")


def steps(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = operation(drafted(), name)["step"]
    return found


def test_an_initcall_runs_by_itself_and_once():
    enable = operation(drafted(), "enable")
    assert enable["once"] and enable["always"]
    call, bring_up = enable["step"]
    assert (call["call"], call["each"], call["lock"], call["installs"]) == ("on-cpu", "online-cpu", "always", "callbacks=on")
    assert bring_up["call"] == "initialize"


def test_a_callback_is_an_operation_of_its_own_and_vmx_is_turned_on_through_a_structure():
    vmxon, init, lp_init = steps("on-cpu")
    assert (vmxon["does"], vmxon["fault_errno"], vmxon["needed_by"]) == ("vmxon", -14, ["TDH.SYS.INIT", "TDH.SYS.LP.INIT"])
    assert (init["name"], init["remember"]) == ("TDH.SYS.INIT", "result")
    assert (lp_init["name"], lp_init["remember"]) == ("TDH.SYS.LP.INIT", "cpu")


def test_the_callback_of_a_cpu_that_goes_refuses_the_last_one():
    (last,) = steps("offline-cpu")
    assert (last["when"], last["stop"]) == ("last-cpu-with-keyid-in-use", -16)
    assert drafted().forms[last["print"][0]]["format"] == "virt/tdx: TDX wants this CPU"


def test_a_line_printed_whatever_was_read_belongs_to_that_reading_alone():
    first, second, table, *_ = steps("initialize")
    assert (first["fields"], first["always_print"]) == (["0x0800000100000003"], ["module-version"])
    assert (second["fields"], second.get("always_print")) == (["0x9900000100000004"], None)
    assert table["tables"] == ["0x9900000300000500 2"]


def test_functions_that_print_for_others_make_the_answers():
    made = drafted()
    assert made.answers["status"]["print"] == ["seamcall-failed"]
    assert made.answers["status"]["print_registers"] == ["seamcall-failed", "rcx"]
    assert [row.get("registers") for row in operation(made, "initialize")["step"]][:4] == [True, True, True, None]


def test_one_cpu_a_package_and_the_line_that_closes():
    made = drafted()
    row = next(row for row in operation(made, "initialize")["step"] if row["name"] == "TDH.SYS.KEY.CONFIG")
    assert row["each"] == "package"
    assert operation(made, "initialize")["on_failure"]["print"] == ["bring-up-failed"]
    assert operation(made, "initialize")["on_success"]["print"] == ["brought-up"]


def test_what_cannot_be_followed_is_unseen_in_its_place():
    made = drafted(HEAD + ASK + PER_CPU + CORE.replace("ret = ask(45);", "other->go();\n\tret = ask(45);") + START)
    rows = operation(made, "initialize")["step"]
    place = next(place for place, row in enumerate(rows) if row["does"] == "unseen")
    assert "call through other->go" in rows[place]["at"] and rows[place]["at"].startswith("tdx.c:")
    assert rows[place + 1]["name"] == "TDH.SYS.CONFIG"
    assert any("call through other->go" in each for each in made.unseen)
