"""Failing paths of a patch: who fails, on what, and is it printed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.source.failing import failing_paths


def patch(body: str, *, context: str = "") -> str:
    """Make a patch that adds lines to a file."""
    rows = [" " + row for row in context.splitlines()] + ["+" + row for row in body.strip("\n").splitlines()]
    old = len(context.splitlines())
    return f"--- a/drivers/demo.c\n+++ b/drivers/demo.c\n@@ -10,{old} +10,{len(rows)} @@\n" + "\n".join(rows) + "\n"


def function(body: str, head: str = "static int demo(struct demo *d)") -> str:
    return f"{head}\n{{\n" + "\n".join("\t" + row for row in body.strip("\n").splitlines()) + "\n}\n"


def paths(text: str):
    return [(path.function, path.condition.partition(' "')[0], path.printed, path.errno) for path in failing_paths(text, "1.eml")]


def test_an_errno_and_the_call_that_failed():
    body = function(
        "int ret;\n\nret = demo_start(d);\nif (ret)\n\treturn ret;\n\nd->map = kmalloc(8, GFP_KERNEL);\nif (!d->map)\n\treturn -ENOMEM;\nreturn 0;"
    )
    assert paths(patch(body)) == [
        ("demo", "demo_start(d) fails: return ret", "unseen", None),
        ("demo", "kmalloc(8, GFP_KERNEL) fails: return -ENOMEM", "no", "-ENOMEM"),
    ]


@pytest.mark.parametrize(
    ("branch", "printed"),
    [
        ('pr_err("no\\n");\n\t\treturn -EINVAL;', "yes"),
        ('pr_debug("no\\n");\n\t\treturn -EINVAL;', "debug"),
        ("count++;\n\t\treturn -EINVAL;", "no"),
        ('dev_warn(d->dev, "no\\n");\n\t\tret = -EINVAL;\n\t\tgoto out;', "yes"),
    ],
)
def test_what_the_branch_prints(branch, printed):
    body = function(f"int ret = 0;\n\nif (d->bad) {{\n\t{branch}\n\t}}\nout:\n\treturn ret;")
    assert [path[2] for path in paths(patch(body))] == [printed]


def test_a_warning_in_the_condition_is_a_message():
    body = function("if (WARN_ON_ONCE(!d))\n\treturn -EINVAL;\nreturn 0;")
    assert paths(patch(body)) == [("demo", "WARN_ON_ONCE(!d): return -EINVAL", "yes", "-EINVAL")]


def test_a_message_behind_the_label_counts():
    body = function(
        'int ret;\n\nret = seamcall(LEAF);\nif (ret)\n\tgoto err;\nreturn 0;\nerr:\n\tpr_err("gave up (%d)\\n", ret);\n\treturn ret;'
    )
    assert [(path[1], path[2]) for path in paths(patch(body))] == [("seamcall(LEAF) fails: goto err", "yes")]


def test_the_message_of_success_does_not_count():
    body = function(
        'int ret;\n\nret = kstrtoint(s, 0, &v);\nif (ret)\n\tgoto out;\nout:\n\tif (ret)\n\t\tundo();\n\telse\n\t\tpr_info("done\\n");\n\treturn ret;'
    )
    assert [(path[1], path[2]) for path in paths(patch(body))] == [("kstrtoint(s, 0, &v) fails: goto out", "no")]


def test_a_helper_in_the_patch_that_prints_is_the_callee():
    helper = function('if (!d->on) {\n\tpr_err("off\\n");\n\treturn -ENODEV;\n}\nreturn 0;', "static int helper(struct demo *d)")
    body = function("int ret = helper(d);\n\nif (ret)\n\treturn ret;\nreturn 0;")
    assert [(path[0], path[2]) for path in paths(patch(helper + "\n" + body))] == [("helper", "yes"), ("demo", "callee")]


def test_a_helper_whose_answer_is_returned_at_the_end_is_the_callee():
    helper = function('if (!d->on) {\n\tpr_err("off\\n");\n\treturn -ENODEV;\n}\nreturn 0;', "static int helper(struct demo *d)")
    found = paths(patch(helper + "\n" + function("return helper(d);")))
    assert found[1:] == [("demo", "helper(d) fails: its result is returned", "callee", None)]
    assert paths(patch(function("return elsewhere(d);"))) == []


def test_a_refusal_in_mild_words_is_a_failing_path():
    body = function(
        'if (d->guest) {\n\tpr_info("not supported in a guest\\n");\n\treturn false;\n}\nreturn true;', "static bool demo(void)"
    )
    assert [path[2] for path in paths(patch(body))] == ["yes"]
    assert paths(patch(body.replace("not supported in", "runs in"))) == []


def test_a_failure_that_is_noted_and_returned_is_one_path():
    body = function('int ret;\n\nret = demo_stop(d);\nif (ret || d->bad) {\n\tpr_crit("gone\\n");\n\td->state = 1;\n}\nreturn ret;')
    assert paths(patch(body)) == [("demo", "demo_stop(d) fails: d->state = 1; return ret", "yes", None)]


def test_a_known_printing_wrapper_is_a_callee_and_a_bare_firmware_call_is_unseen():
    body = function(
        "int ret;\n\nret = seamcall_prerr(LEAF, &args);\nif (ret)\n\treturn ret;\nret = seamcall(OTHER, &args);\nif (ret)\n\treturn -EIO;\nreturn 0;"
    )
    assert [path[2] for path in paths(patch(body))] == ["callee", "unseen"]


def test_a_loop_over_online_cpus_leaves_packages_out_without_a_word():
    body = function(
        "int cpu, ret = -EINVAL;\n\nfor_each_online_cpu(cpu) {\n\tif (cpumask_test_and_set_cpu(topology_physical_package_id(cpu), seen))\n\t\tcontinue;\n"
        "\tret = smp_call_on_cpu(cpu, work, NULL, true);\n\tif (ret)\n\t\tbreak;\n}\nreturn ret;"
    )
    found = paths(patch(body))
    assert [path[1].split(":")[0] for path in found] == [
        "smp_call_on_cpu(cpu, work, 0, 1) fails",
        "no online CPU at all",
        "a package has no online CPU",
    ]
    counted = body.replace("return ret;", "if (cpumask_weight(seen) != topology_max_packages())\n\t\treturn -EIO;\n\treturn ret;")
    assert not any("a package has no" in path[1] for path in paths(patch(counted)))


def test_a_search_for_a_cpu_of_the_same_package_leaves_nothing_out():
    body = function(
        "int i;\n\nfor_each_online_cpu(i) {\n\tif (i != cpu && topology_physical_package_id(i) == topology_physical_package_id(cpu))\n"
        "\t\treturn 0;\n}\nreturn -EBUSY;",
        "static int demo(int cpu)",
    )
    assert [path[1] for path in paths(patch(body))] == ["otherwise, none of the cases before: return -EBUSY"]


def test_each_case_of_a_switch_is_a_path():
    body = function(
        'switch (ret) {\ncase OK:\n\treturn 0;\ncase VMFAIL:\n\tpr_err("not loaded\\n");\n\treturn -ENODEV;\ndefault:\n\treturn -EIO;\n}',
        "static int fold(int ret)",
    )
    assert [(path[1], path[2]) for path in paths(patch(body))] == [
        ("ret is VMFAIL: return -ENODEV", "yes"),
        ("ret is unknown (default): return -EIO", "no"),
    ]


def test_only_what_the_patch_touches_is_told():
    text = (
        "--- a/d.c\n+++ b/d.c\n@@ -5,8 +5,12 @@ static int demo(void)\n \tret = one();\n \tif (ret)\n \t\tgoto out;\n \n+\tret = two();\n+\tif (ret)\n"
        "+\t\tgoto out;\n+\n \treturn 0;\n out:\n \treturn ret;\n }\n"
    )
    assert [path[1] for path in paths(text)] == ["two() fails: goto out"]


def test_a_renamed_constant_is_no_new_path():
    text = "--- a/d.c\n+++ b/d.c\n@@ -5,3 +5,3 @@ static int demo(void)\n-\tif (has(OLD_NAME))\n+\tif (has(NEW_NAME))\n \t\treturn -EBUSY;\n \treturn 0;\n"
    assert paths(text) == []


def test_a_hunk_that_begins_and_ends_inside_a_statement():
    text = (
        "--- a/d.c\n+++ b/d.c\n@@ -5,4 +5,7 @@ static int demo(void)\n \t\t\tpackages))\n \t\tcontinue;\n+\tret = kstrtoint(a, 0, &b);\n+\tif (ret)\n"
        "+\t\treturn ret;\n \tother(a,\n \t      b,\n"
    )
    assert [path[1] for path in paths(text)] == ["kstrtoint(a, 0, &b) fails: return ret"]


def test_giving_up_for_good_is_a_path():
    body = function('if (d->gone) {\n\tdev_err(d->dev, "gone\\n");\n\tBUG();\n}', "static void demo(struct demo *d)")
    assert paths(patch(body)) == [("demo", "d->gone: BUG()", "yes", None)]


def test_prose_and_other_files_have_no_paths():
    assert failing_paths("if (x) return -EINVAL;", "1.eml") == ()
    assert paths(patch("if (x) return -EINVAL;").replace("demo.c", "demo.rst")) == []


CODE = st.lists(
    st.sampled_from(
        [
            "if (ret)",
            "return -EINVAL;",
            "{",
            "}",
            "goto out;",
            "out:",
            "ret = f(a);",
            "else",
            "switch (x) {",
            "case 1:",
            "break;",
            'pr_err("x\\n");',
            "(",
            ")",
            '"',
            "for_each_online_cpu(cpu)",
            "#ifdef A",
            "#endif",
            "static int g(void)",
        ]
    ),
    max_size=30,
)


@given(CODE, st.sampled_from(["\t", "", "\t\t"]))
def test_any_torn_code_is_survived(rows, indent):
    text = "".join(f"+{indent}{row}\n" for row in rows)
    failing_paths(f"--- a/f.c\n+++ b/f.c\n@@ -1,0 +1,{len(rows)} @@ static int f(int a)\n{text}", "1.eml")


def test_a_deep_file_does_no_harm():
    failing_paths("int f(void) {" + "if (a) {" * 5000, "f.c")
    failing_paths("int f(void) { x = " + "(" * 50000, "f.c")


def test_a_comparison_with_one_result_says_which():
    body = function(
        "u64 status = ask(leaf);\n\nif (status == SW_GP)\n\treturn -EOPNOTSUPP;\nif (!status)\n\treturn 0;\nerr_func(leaf, status);\nreturn -EIO;"
    )
    assert [(path[1], path[2]) for path in paths(patch(body))] == [
        ("status == SW_GP (ask(leaf)): return -EOPNOTSUPP", "no"),
        ("otherwise, none of the cases before: return -EIO", "callee"),
    ]


def test_a_failure_that_is_printed_and_handed_on_is_one_path():
    body = function('int err = other(d);\n\nif (err)\n\tpr_err("no (%d)\\n", err);\n\nreturn err;')
    assert paths(patch(body)) == [("demo", "other(d) fails: return err", "yes", None)]


def test_advice_and_answers_that_are_no_status_are_no_failing_paths():
    body = function(
        'u64 size = ALIGN(d->size, 8);\n\nif (d->used > LIMIT)\n\tpr_warn("reaching limit\\n");\nif (!cpumask_test_cpu(d->cpu, mask))\n\treturn NMI_DONE;\nreturn size;'
    )
    assert paths(patch(body)) == []


def test_a_void_function_that_returns_early_does_not_fail():
    body = function("if (!has_feature(d))\n\treturn;\nstart(d);", "static void demo(struct demo *d)")
    assert paths(patch(body)) == []


def test_callees_outside_the_patch_are_looked_up_in_a_tree():
    body = function("int ret = helper(d);\n\nif (ret)\n\treturn ret;\nreturn 0;")
    loud = {"lib.c": 'int helper(struct demo *d)\n{\n\tif (!d)\n\t\tpr_err("none\\n");\n\treturn -EIO;\n}\n'}
    quiet = {"lib.h": "#define helper(d) quiet(d)\n", "lib.c": "int quiet(struct demo *d)\n{\n\treturn -EIO;\n}\n"}
    assert [path[2] for path in paths(patch(body))] == ["unseen"]
    assert [path.printed for path in failing_paths(patch(body), "1.eml", loud)] == ["callee"]
    assert [path.printed for path in failing_paths(patch(body), "1.eml", quiet)] == ["no"]


def test_a_condition_ends_with_what_is_printed():
    body = function('if (d->bad) {\n\tpr_err("bad %d\\n", d->n);\n\treturn -EINVAL;\n}\nreturn 0;')
    (path,) = failing_paths(patch(body), "1.eml")
    assert path.condition == 'd->bad: return -EINVAL "bad %d"'


def test_a_hunk_that_ends_with_a_function_header_does_not_swallow_the_next():
    text = (
        "--- a/d.c\n+++ b/d.c\n@@ -1,2 +1,3 @@\n+int x;\n \n static void other(struct demo *d)\n@@ -40,2 +41,4 @@ static int demo(void)\n \tx = 1;\n"
        "+\tif (x)\n+\t\treturn -EIO;\n \treturn 0;\n"
    )
    assert [path[1] for path in paths(text)] == ["x: return -EIO"]


def test_a_hunk_that_begins_deep_inside_a_function():
    text = (
        "--- a/d.c\n+++ b/d.c\n@@ -5,4 +5,6 @@ static int demo(void)\n \t\t\tbreak;\n \t\t}\n \t}\n+\tif (x)\n+\t\treturn -EIO;\n \tgo();\n"
    )
    assert [path[1] for path in paths(text)] == ["x: return -EIO"]


def test_a_hunk_that_begins_inside_a_function_header():
    text = "--- a/d.c\n+++ b/d.c\n@@ -5,5 +5,7 @@ static int demo(struct demo *d,\n \t\tint cpu,\n \t\tbool on)\n {\n+\tif (!on)\n+\t\treturn -EINVAL;\n \n \tgo(d);\n"
    assert [path[:2] for path in paths(text)] == [("demo", "!on: return -EINVAL")]


def test_a_result_whose_test_is_not_shown_fails_all_the_same():
    text = "--- a/d.c\n+++ b/d.c\n@@ -5,3 +5,4 @@ static int demo(void)\n \ta = 1;\n+\tret = seamcall(LEAF, &args);\n \tb = 2;\n \tc = 3;\n"
    assert [(path[1], path[2]) for path in paths(text)] == [("seamcall(LEAF, &args) fails: what follows is not shown", "unseen")]


def test_a_case_without_its_switch():
    text = "--- a/d.c\n+++ b/d.c\n@@ -5,4 +5,6 @@ static int demo(int x)\n \tcase 1:\n \t\tbreak;\n+\tdefault:\n+\t\treturn -ENOTTY;\n \t}\n \treturn 0;\n"
    assert [(path[1], path[3]) for path in paths(text)] == [("switch is unknown (default): return -ENOTTY", "-ENOTTY")]


def hunks(count: int) -> str:
    rows = "".join(
        f"@@ -{10 * n},3 +{10 * n},5 @@ static int demo{n}(void)\n \tret = one();\n-\told();\n+\tif (ret)\n+\t\treturn ret;\n+\tgo();\n \tend();\n"
        for n in range(1, count)
    )
    return f"--- a/d.c\n+++ b/d.c\n{rows}"


def test_the_time_grows_with_the_patch_and_no_faster():
    times = []
    for count in (100, 800):
        begin = time.process_time()
        assert len(failing_paths(hunks(count), "1.eml")) == count - 1
        times.append(time.process_time() - begin)
    assert times[1] < 8 * 3 * times[0] + 0.2
