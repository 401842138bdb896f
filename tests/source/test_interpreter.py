"""Kernel code run by hand: lines and errno of each failing case."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.source.run import failing_cases
from tdxwhy.source.run.branching import Deviation
from tdxwhy.source.run.failing_cases import failing_steps
from tdxwhy.source.run.interpreter import Interpreter
from tdxwhy.source.run.program import program_of
from tdxwhy.source.run.values import SymbolicName, Unknown, combine, number

HEAD = """
#define pr_fmt(fmt) "demo: " fmt
#define LEAF 33
#define TDX_SEAMCALL_UD 0x8000ff0000000006ULL
u64 __seamcall(u64 fn, struct args *args);
"""


def run(body: str, fault: Deviation | None = None, entry: str = "start"):
    return Interpreter(program_of([("demo.c", HEAD + body)]), fault).run(entry)


def texts(result) -> list[str]:
    return [line.text for line in result.lines]


STATUS = Deviation("leaf", 1, 33, Unknown("status", failed=True))


def test_a_refusal_goes_up_with_its_errno_and_its_lines():
    body = """
static int ask(void) { u64 r = __seamcall(LEAF, NULL); if (!r) return 0; pr_err("leaf %d: 0x%llx\\n", LEAF, r); return -EIO; }
int start(void) { int ret = ask(); if (ret) pr_err("failed (%d)\\n", ret); return ret; }
"""
    assert texts(run(body)) == []
    refused = run(body, STATUS)
    assert texts(refused) == ["demo: leaf 33: 0x{status}", "demo: failed (-5)"]
    assert refused.result == -5


def test_macros_and_functions_that_are_handed_on():
    body = """
typedef u64 (*fn_t)(u64, void *);
static void tell(u64 leaf) { pr_warn("refused 0x%016llx\\n", leaf); }
static int wrap(fn_t f, void (*t)(u64), u64 leaf) { if (f(leaf, NULL)) { t(leaf); return -EIO; } return 0; }
#define ask(leaf) wrap(__seamcall, tell, (leaf))
int start(void) { return ask(LEAF); }
"""
    assert texts(run(body, STATUS)) == ["demo: refused 0x0000000000000021"]


def test_goto_runs_what_follows_the_label_and_nothing_else():
    body = """
int start(void)
{
	int ret = -ENOMEM;
	if (__seamcall(LEAF, NULL)) { ret = -EBUSY; goto out; }
	pr_info("fine\\n");
	return 0;
out:
	pr_err("out %d\\n", ret);
	return ret;
}
"""
    assert texts(run(body)) == ["demo: fine"]
    assert texts(run(body, STATUS)) == ["demo: out -16"]


def test_a_switch_falls_through_and_takes_its_default():
    body = """
enum { A, B, C };
static int name(int v) { switch (v) { case A: case B: pr_info("ab\\n"); break; case C: pr_info("c\\n"); default: pr_info("d\\n"); } return 0; }
int start(void) { name(B); name(C); name(7); return 0; }
"""
    assert texts(run(body)) == ["demo: ab", "demo: c", "demo: d", "demo: d"]


def test_a_callback_on_another_cpu_returns_through_the_helper():
    body = """
static int work(void *data) { return __seamcall(LEAF, NULL) ? -EIO : 0; }
static void note(void *data) { if (__seamcall(34, NULL)) *(int *)data = -EFAULT; }
int start(void)
{
	int err = 0, cpu, ret;
	for_each_online_cpu(cpu) { ret = smp_call_on_cpu(cpu, work, NULL, true); if (ret) { pr_err("CPU%d: %d\\n", cpu, ret); return ret; } }
	on_each_cpu(note, &err, 1);
	return err;
}
"""
    refused = run(body, STATUS)
    assert texts(refused) == ["demo: CPU{cpu}: -5"]
    assert refused.lines[0].args == ("cpu", "ret")
    assert run(body, Deviation("leaf", 1, 34, Unknown("status", failed=True))).result == -14


def test_members_through_pointers_and_what_the_module_writes():
    body = """
u64 __seamcall_ret(u64 fn, struct args *args);
static void set(struct args *a) { a->rcx = 7; }
int start(void) { struct args args = {}; set(&args); pr_info("%llu %llu\\n", args.rcx, args.rdx); __seamcall_ret(LEAF, &args); pr_info("%llu\\n", args.rcx); return 0; }
"""
    assert texts(run(body)) == ["demo: 7 0", "demo: {args.rcx}"]


def test_statics_stay_and_once_is_once():
    body = """
static int count;
static void tick(void) { static int calls; calls++; count = calls; pr_warn_once("first\\n"); }
int start(void) { int i; for (i = 0; i < 3; i++) tick(); pr_info("%d\\n", count); return 0; }
"""
    assert texts(run(body)) == ["demo: first", "demo: 3"]


def test_both_sides_of_an_ifdef_are_known_and_the_configured_one_runs():
    body = """
int start(void)
{
#ifdef CONFIG_X
	pr_info("with\\n");
#else
	pr_info("without\\n");
#endif
	return 0;
}
"""
    assert texts(run(body)) == ["demo: with"]


def test_a_pointer_that_is_not_known_is_unseen():
    result = run("int start(struct ops *ops) { return ops->go(1); }")
    assert result.unseen == ("call through ops->go",)


def test_a_function_that_calls_itself_and_a_loop_without_end_come_to_an_end():
    assert run("int start(void) { return start() + 1; }").unseen
    run("int start(void) { for (;;) { count++; } return 0; }")
    run("int start(void) { again: goto again; }")


def test_a_warning_is_a_line_and_a_reason():
    steps = failing_steps(
        program_of(
            [("demo.c", HEAD + "int start(void) { if (WARN_ON_ONCE(bad())) return -EINVAL; return __seamcall(LEAF, 0) ? -EIO : 0; }")]
        )
    )
    assert [(step.step, step.reason, step.errno) for step in steps] == [
        ("start", "WARN_ON_ONCE(bad())", "-EINVAL"),
        ("TDH.SYS.INIT", "status", "-EIO"),
        ("TDH.SYS.INIT", "#UD", "-EIO"),
    ]


def test_what_a_function_has_in_hand_and_does_not_print_is_said():
    body = """
static int work(void *data) { return __seamcall(31, NULL) ? -EIO : 0; }
int start(void)
{
	int cpu, ret = 0;
	for_each_online_cpu(cpu) { mark(topology_physical_package_id(cpu)); ret = smp_call_on_cpu(cpu, work, NULL, true); if (ret) return ret; }
	return 0;
}
"""
    step = next(step for step in failing_steps(program_of([("demo.c", HEAD + body)])) if step.step == "TDH.SYS.KEY.CONFIG")
    assert step.dropped == ("start() has cpu", "start() has topology_physical_package_id()")


@pytest.mark.parametrize(
    ("text", "value"),
    [("10", 10), ("0x1fULL", 31), ("017", 15), ("0", 0), ("-5", -5), ("0xC000050500000000", 0xC000050500000000), ("x", None)],
)
def test_numbers_of_c(text, value):
    assert number(text) == value


def test_names_compare_by_name_where_their_numbers_are_not_known():
    assert combine("==", SymbolicName("A"), SymbolicName("A"), "") == 1
    assert combine("!=", SymbolicName("A"), 5, "") == 1
    assert combine("==", Unknown("s", failed=True), 0, "") == 0
    assert combine("<", Unknown("s", failed=True), 0, "") == 1
    assert combine("+", Unknown("x"), 1, "x + 1") == Unknown("x + 1")


CODE = st.lists(
    st.sampled_from(
        [
            "if (x)",
            "return -EIO;",
            "{",
            "}",
            "x = __seamcall(LEAF, &a);",
            "goto out;",
            "out:",
            "for (;;)",
            "switch (x) {",
            "case 1:",
            'pr_err("%d %s", x);',
            "*p = &x;",
            "x->y[3] = z;",
            "start();",
            "do",
            "while (x);",
        ]
    ),
    max_size=25,
)


@given(CODE)
def test_any_code_is_survived(rows):
    program = program_of([("demo.c", HEAD + "int start(int x)\n{\n" + "\n".join(rows) + "\n}\n")])
    for entry in program.entries():
        Interpreter(program).run(entry)
    failing_steps(program)


def test_what_is_printed_in_a_header_has_the_prefix_of_the_file_around_it():
    files = [
        (
            "tdx.c",
            '#define pr_fmt(fmt) "outer: " fmt\n#include "call.h"\n#include "data.c"\nint start(void) { inner(); data(); return 0; }\n',
        ),
        ("call.h", 'static inline void inner(void) { pr_err("from a header\\n"); }\n'),
        ("data.c", 'static void data(void) { pr_info("from an included file\\n"); }\n'),
    ]
    assert texts(Interpreter(program_of(files)).run("start")) == ["outer: from a header", "outer: from an included file"]


def test_an_elided_operand_is_the_condition():
    assert (
        run("static int f(void) { return -5; }\nint start(void) { int ret = 0; ret = ret ?: f(); ret = ret ?: 7; return ret; }").result
        == -5
    )


def test_a_wrapper_that_is_named_like_a_stub_is_followed():
    body = "static u64 __seamcall_dirty_cache(u64 (*f)(u64, void *), u64 fn) { return f(fn, NULL); }\nint start(void) { return __seamcall_dirty_cache(__seamcall, LEAF) ? -EIO : 0; }"
    assert run(body, STATUS).result == -5


def test_an_entry_with_too_many_cases_is_given_up_and_said(monkeypatch):
    monkeypatch.setattr(failing_cases, "_MOST_STEPS", 20)
    body = "int start(void) { int i, ret; for (i = 0; i < 9; i++) x += i; ret = __seamcall(LEAF, 0); if (ret) return -EIO; return 0; }"
    (step,) = failing_steps(program_of([("demo.c", HEAD + body)]))
    assert step.unseen == ("more cases than are followed",)


VMXON = """
struct ops { int (*on)(void); };
static struct ops ops;
static int vmx_on(void)
{
	u64 msr;

	asm goto("1: vmxon %[pointer]\\n\\t"
			  _ASM_EXTABLE(1b, %l[fault])
			  : : [pointer] "m"(pointer)
			  : : fault);
	return 0;
fault:
	WARN_ONCE(1, "faulted, 0x%llx\\n", rdmsrq_safe(CTL, &msr) ? 0xdeadbeef : msr);
	return -EFAULT;
}
static int svm_on(void) { return -EBUSY; }
void both(void)
{
	const struct ops vmx = { .on = vmx_on };
	const struct ops svm = { .on = svm_on };
}
int start(void)
{
	int ret = ops.on();
	if (ret)
		return ret;
	return __seamcall(LEAF, NULL) ? -EIO : 0;
}
EXPORT_SYMBOL_GPL(start);
"""


def test_assembly_that_faults_jumps_to_its_label_and_a_member_holds_the_function_of_intel():
    steps = failing_steps(program_of([("vmx.c", HEAD + VMXON)]))
    fault = next(step for step in steps if step.reason == "VMXON faults")
    assert (fault.step, fault.entry, fault.errno, fault.unseen) == ("vmx_on", "start", "-EFAULT", ())
    assert fault.lines[0].text.startswith("WARNING: CPU: {cpu} at vmx.c, vmx_on(): faulted, 0x{")
    assert fault.names.cpu and not fault.names.package


def test_vmxon_alone_is_an_entry_where_nobody_on_the_way_to_the_module_passes_it():
    steps = failing_steps(program_of([("vmx.c", HEAD + VMXON.replace("return __seamcall(LEAF, NULL) ? -EIO : 0;", "return 0;"))]))
    assert [(step.entry, step.reason) for step in steps] == [("start", "VMXON faults")]


def test_a_condition_on_what_a_call_returned_names_the_call():
    body = """
int start(void)
{
	void *area = kmalloc(8, GFP_KERNEL);
	int err;
	if (!area)
		return -ENOMEM;
	err = register_thing(&area);
	if (err)
		return err;
	return __seamcall(LEAF, NULL) ? -EIO : 0;
}
EXPORT_SYMBOL_GPL(start);
"""
    reasons = [step.reason for step in failing_steps(program_of([("demo.c", HEAD + body)]))]
    assert reasons[:2] == ["kmalloc() returns NULL", "register_thing() fails"]


def test_a_leaf_that_is_asked_again_fails_otherwise_later():
    body = """
static int read(u64 field) { struct args args = {}; args.rdx = field; return __seamcall(LEAF, &args) ? -EIO : 0; }
int start(void)
{
	int ret = read(1);
	if (ret)
		return ret;
	pr_info("version\\n");
	ret = read(2);
	return ret;
}
EXPORT_SYMBOL_GPL(start);
"""
    steps = [step for step in failing_steps(program_of([("demo.c", HEAD + body)])) if step.reason.startswith("status")]
    assert [(step.reason, len(step.lines)) for step in steps] == [("status", 0), ("status, from 0x2 on", 1)]


EITHER = """
#ifdef CONFIG_MOON
static int look(void) { if (!is_full()) { pr_err("not full\\n"); return -EAGAIN; } return 0; }
#else
static int look(void) { return -EOPNOTSUPP; }
#endif
int start(void)
{
	int ret;
#if defined(CONFIG_A)
	ret = first();
	if (ret)
		return -EIO;
#elif defined(CONFIG_B)
	ret = second();
	if (ret) {
		pr_err("second\\n");
		return -EBUSY;
	}
#else
	ret = third();
	if (ret)
		return -EPERM;
#endif
	ret = look();
	if (ret)
		return ret;
	return __seamcall(LEAF, NULL) ? -EIO : 0;
}
EXPORT_SYMBOL_GPL(start);
"""


def test_both_sides_of_an_if_are_followed_and_the_condition_is_named():
    steps = failing_steps(program_of([("demo.c", HEAD + EITHER)]))
    other = "!defined(CONFIG_A)"
    assert [(step.reason, step.errno) for step in steps if step.kind == "branch"] == [
        ("first() fails", "-EIO"),
        ("!is_full()", "-EAGAIN"),
        (f"second() fails, where {other}", "-EBUSY"),
        (f"third() fails, where {other} && !defined(CONFIG_B)", "-EPERM"),
    ]
    assert [(step.step, step.reason, step.errno) for step in steps if step.kind == "built"] == [
        ("look", "built where !CONFIG_MOON", "-EOPNOTSUPP")
    ]
    assert sum(step.kind == "leaf" for step in steps) == 2


def test_many_ifs_do_not_double_the_work():
    many = "\n".join(f"#ifdef C{n}\n\tif (a{n}()) return -EIO;\n#else\n\tif (b{n}()) return -EPERM;\n#endif" for n in range(40))
    body = f"int start(void)\n{{\n{many}\n\treturn __seamcall(LEAF, NULL) ? -EIO : 0;\n}}\nEXPORT_SYMBOL_GPL(start);\n"
    steps = failing_steps(program_of([("demo.c", HEAD + body)]))
    assert sum(", where !C" in step.reason for step in steps) == 24
    assert any("more cases" in each for step in steps for each in step.unseen)


HOSTILE = {
    "ifs": lambda n: "".join(f"if (a{i}()) return -EIO;\n" for i in range(n)),
    "braces": lambda n: "{" * n + "}" * n,
    "cpus": lambda n: "if (f(cpu)) return -EIO;\n" * n,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_much_code_ends_soon_and_what_is_left_out_is_said(name):
    def steps(count: int) -> tuple[float, str]:
        body = f"int start(void)\n{{\n{HOSTILE[name](count)}\nreturn __seamcall(LEAF, NULL) ? -EIO : 0;\n}}\nEXPORT_SYMBOL_GPL(start);\n"
        program = program_of([("demo.c", HEAD + body)])
        begin = time.process_time()
        found = failing_steps(program)
        return time.process_time() - begin, " ".join(each for step in found for each in step.unseen)

    seconds, unseen = steps(4000)
    assert seconds < 5
    assert name == "braces" or "more cases than are followed" in unseen


def test_constants_that_double_end_soon():
    doubling = "#define A0 0\n" + "".join(f"#define A{i} (A{i - 1} + A{i - 1})\n" for i in range(1, 60))
    begin = time.process_time()
    run(doubling + "int start(void) { return A59; }\n")
    assert time.process_time() - begin < 5
