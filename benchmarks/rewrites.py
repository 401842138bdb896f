# ruff: noqa: E501 - code of a kernel, as it is replaced
"""Write a kernel tree otherwise without changing what it does, extract both, and compare: nothing may change for users.

    python benchmarks/rewrites.py TREE [--show] [--only NAME]

Every rewrite is a way in which kernel code is written elsewhere: other names, helpers, macros, tables, kinds of clean-up. What is expected is
always the same: no failing case, line or errno differs. A rewrite that does not fit a tree is left out.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

from edits import model

from tdxwhy.extract.difference import difference
from tdxwhy.source.kernel_tree import Tree, read

CORE = "arch/x86/virt/vmx/tdx/tdx.c"
CALLS = "arch/x86/virt/vmx/tdx/seamcall_internal.h"
KVM = "arch/x86/kvm/vmx/tdx.c"
METADATA = "arch/x86/virt/vmx/tdx/tdx_global_metadata.c"
Texts = dict[str, str]
Rewrite = Callable[[Texts], Texts]
# A WARN shows the file that it stands in: moving it is the one change that users see.
_MOVED = ("arch/x86/virt/tdx/", "arch/x86/virt/vmx/tdx/")
_FUNCTION = re.compile(
    r"^(?P<head>static (?:__init )?(?:inline )?int (?P<name>\w+)\((?P<parameters>[^(){};]*)\))\n\{\n(?P<body>.*?)^\}\n",
    re.MULTILINE | re.DOTALL,
)


def everywhere(texts: Texts, pattern: str, new: str | Callable[[re.Match[str]], str], files: str = r"tdx|seam") -> Texts:
    """Replace a pattern in all files whose path has `files`."""
    return {path: re.sub(pattern, new, text, flags=re.MULTILINE) if re.search(files, path) else text for path, text in texts.items()}


def within(texts: Texts, path: str, pattern: str, new: str | Callable[[re.Match[str]], str]) -> Texts:
    """Replace a pattern in one file."""
    return {**texts, path: re.sub(pattern, new, texts[path], flags=re.MULTILINE | re.DOTALL)} if path in texts else texts


def before_first_function(text: str, more: str) -> str:
    place = re.search(r"^static (?!const|struct|DEFINE|LIST)[^;={}]*\n\{", text, re.MULTILINE)
    return text[: place.start()] + more + text[place.start() :] if place else text


def above(texts: Texts, path: str, more: str) -> Texts:
    """Put code before the first function of a file."""
    return {**texts, path: before_first_function(texts[path], more)} if path in texts else texts


def other_names(texts: Texts) -> Texts:
    """Call the core's static functions otherwise."""
    names = set(re.findall(r"^static (?:__init )?[\w ]+?\*?(\w+)\([^;]*?\)\n\{", texts[CORE], re.MULTILINE))
    names -= {"read_sys_metadata_field"}
    return everywhere(texts, rf"\b({'|'.join(sorted(names))})\b", r"hostside_\1")


def split_functions(texts: Texts) -> Texts:
    """Let every static function of the core that returns int hand its work on to a function of its own."""

    def split(found: re.Match[str]) -> str:
        parameters = found["parameters"].strip()
        names = [] if parameters == "void" else [re.sub(r"\[.*", "", each).split()[-1].lstrip("*") for each in parameters.split(",")]
        inner = found["head"].replace(f" {found['name']}(", f" {found['name']}_work(")
        return f"{inner}\n{{\n{found['body']}}}\n\n{found['head']}\n{{\n\treturn {found['name']}_work({', '.join(names)});\n}}\n"

    return {**texts, CORE: _FUNCTION.sub(split, texts[CORE])}


def own_print_macro(texts: Texts) -> Texts:
    """Print through a macro of the subsystem's own."""
    changed = within(texts, CORE, r"\bpr_err\(", "tdx_complain(")
    return above(changed, CORE, "#define tdx_complain(fmt, ...) pr_err(fmt, ##__VA_ARGS__)\n\n")


def print_helper(texts: Texts) -> Texts:
    """Print what is missing through a function that is handed the words."""
    changed = within(texts, CORE, r'\bpr_err\("([^"%]*) is required for TDX\\n"\)', r'tdx_lacks("\1")')
    return above(changed, CORE, 'static void tdx_lacks(const char *what)\n{\n\tpr_err("%s is required for TDX\\n", what);\n}\n\n')


def own_folder(texts: Texts) -> Texts:
    """Keep the core in another folder."""
    return {path.replace("arch/x86/virt/vmx/tdx/", "arch/x86/virt/tdx/"): text for path, text in texts.items()}


def two_files(texts: Texts) -> Texts:
    """Lay the TDMRs out in a file of their own."""
    text = texts[CORE]
    moved = [
        found[0] for found in _FUNCTION.finditer(text) if re.search("tdmr|pamt|rsvd", found["name"]) and "seamcall" not in found["body"]
    ]
    rest, names = text, []
    for each in moved:
        rest = rest.replace(each, "")
        names.append(re.search(r"int (\w+)\(", each)[1])  # type: ignore[index]
    head = text[: re.search(r"^static DEFINE|^static u32", text, re.MULTILINE).start()]  # type: ignore[union-attr]
    heads = [re.sub(r"^static (__init )?", "", each.partition("\n{")[0]) + ";\n" for each in moved]
    return {
        **texts,
        CORE: rest.replace(head, head + "".join(heads), 1),
        CORE.replace("tdx.c", "tdmr.c"): head + "".join(re.sub(r"^static (__init )?", "", each) for each in moved),
    }


def static_call(texts: Texts) -> Texts:
    """Ask the module through a static call."""
    changed = within(texts, CALLS, r"return func\(fn, args\);", "return static_call(tdx_ask)(func, fn, args);")
    return within(
        changed,
        CALLS,
        r"(static __always_inline u64 __seamcall_dirty_cache)",
        r"static u64 ask_module(sc_func_t func, u64 fn, struct tdx_module_args *args)\n{\n\treturn func(fn, args);\n}\n"
        r"DEFINE_STATIC_CALL(tdx_ask, ask_module);\n\n\1",
    )


def switch_of_answers(texts: Texts) -> Texts:
    """Take answers apart with a switch."""
    old = r"if \(sret == TDX_SUCCESS\)\s+return 0;.*?if \(sret == TDX_SEAMCALL_UD\)\s+return -EACCES;"
    new = (
        "switch (sret) {\n\tcase TDX_SUCCESS:\n\t\treturn 0;\n\tcase TDX_SEAMCALL_VMFAILINVALID:\n\t\treturn -ENODEV;\n"
        "\tcase TDX_SEAMCALL_GP:\n\t\treturn -EOPNOTSUPP;\n\tcase TDX_SEAMCALL_UD:\n\t\treturn -EACCES;\n\tdefault:\n\t\tbreak;\n\t}\n"
    )
    return within(texts, CALLS, old, new)


def table_of_answers(texts: Texts) -> Texts:
    """Take answers apart with a table."""
    old = r"if \(sret == TDX_SEAMCALL_VMFAILINVALID\)\s+return -ENODEV;.*?if \(sret == TDX_SEAMCALL_UD\)\s+return -EACCES;"
    new = "for (i = 0; i < ARRAY_SIZE(sc_errnos); i++)\n\t\tif (sret == sc_errnos[i].status)\n\t\t\treturn sc_errnos[i].err;\n"
    table = (
        "static const struct { u64 status; int err; } sc_errnos[] = {\n\t{ TDX_SEAMCALL_VMFAILINVALID, -ENODEV },\n"
        "\t{ TDX_SEAMCALL_GP, -EOPNOTSUPP },\n\t{ TDX_SEAMCALL_UD, -EACCES },\n};\n\n"
    )
    changed = within(texts, CALLS, old, new)
    changed = within(changed, CALLS, r"(static __always_inline int sc_retry_prerr\()", table + r"\1")
    return within(changed, CALLS, r"(u64 sret = sc_retry\(func, fn, args\);)", r"\1\n\tint i;")


def check_macro(texts: Texts) -> Texts:
    """Return errors through a macro in a do-while."""
    changed = within(texts, CORE, r"ret = ([^;]*);\n\tif \(ret\)\n\t\treturn ret;", r"RETURN_ON_ERROR(\1);")
    macro = "#define RETURN_ON_ERROR(expr)\t\t\\\ndo {\t\t\t\t\\\n\tint __err = (expr);\t\\\n\tif (__err)\t\t\\\n\t\treturn __err;\t\\\n} while (0)\n\n"
    return above(changed, CORE, macro)


def ternary(texts: Texts) -> Texts:
    """Return by a ternary."""
    return within(texts, CORE, r"if \(ret\)\n\t\treturn ret;\n\n\treturn 0;\n\}", "return ret ? ret : 0;\n}")


def operations(texts: Texts) -> Texts:
    """Call the stages through a structure of operations."""
    ops = (
        "struct host_stages {\n\tint (*config)(struct tdmr_info_list *list, u64 keyid);\n\tint (*keys)(void);\n\tint (*init)(struct tdmr_info_list *list);\n};\n\n"
        "static const struct host_stages stages = {\n\t.config = config_tdx_module,\n\t.keys = config_global_keyid,\n\t.init = init_tdmrs,\n};\n\n"
    )
    changed = within(texts, CORE, r"ret = config_tdx_module\(", "ret = stages.config(")
    changed = within(changed, CORE, r"ret = config_global_keyid\(\);", "ret = stages.keys();")
    changed = within(changed, CORE, r"ret = init_tdmrs\(", "ret = stages.init(")
    return within(changed, CORE, r"(static (?:__init )?int init_tdx_module\(void\))", ops + r"\1")


def steps_in_a_table(texts: Texts) -> Texts:
    """Run what follows the layout of the TDMRs off a table of functions."""
    wrappers = (
        "static int step_config(void)\n{\n\treturn config_tdx_module(&tdx_tdmr_list, tdx_global_keyid);\n}\n\n"
        "static int step_init(void)\n{\n\treturn init_tdmrs(&tdx_tdmr_list);\n}\n\n"
        "static int (*const bringup[])(void) = { step_config, config_global_keyid, step_init };\n\n"
    )
    old = r"ret = config_tdx_module\(.*?ret = init_tdmrs\([^;]*;\n\tif \(ret\)\n\t\tgoto err_reset_pamts;"
    new = "for (i = 0; i < ARRAY_SIZE(bringup); i++) {\n\t\tret = bringup[i]();\n\t\tif (ret)\n\t\t\tgoto err_reset_pamts;\n\t}"
    changed = within(texts, CORE, old, new)
    changed = within(changed, CORE, r"(static (?:__init )?int init_tdx_module\(void\)\n\{\n\tint ret);", r"\1, i;")
    return within(changed, CORE, r"(static (?:__init )?int init_tdx_module\(void\))", wrappers + r"\1")


def nested(texts: Texts) -> Texts:
    """Nest instead of leaving early, where a CPU is made ready."""
    old = r"ret = try_init_module_global\(\);\n\tif \(ret\)\n\t\treturn ret;\n\n(.*?)\n\treturn 0;\n\}"
    new = (
        "ret = try_init_module_global();\n\tif (!ret) {\n\t\tret = seamcall_prerr(TDH_SYS_LP_INIT, &args);\n\t\tif (!ret)\n"
        "\t\t\t__this_cpu_write(tdx_lp_initialized, true);\n\t}\n\n\treturn ret;\n}"
    )
    return within(texts, CORE, old, new)


def guards(texts: Texts) -> Texts:
    """Hold locks with guard() instead of goto."""
    changed = within(texts, CORE, r"raw_spin_lock\(&sysinit_lock\);", "guard(raw_spinlock)(&sysinit_lock);")
    changed = within(changed, CORE, r"goto out;\n", "return ret;\n")
    return within(changed, CORE, r"out:\n\traw_spin_unlock\(&sysinit_lock\);\n", "")


def scoped_guards(texts: Texts) -> Texts:
    """Hold the lock for a block with scoped_guard()."""
    old = r"raw_spin_lock\(&sysinit_lock\);(.*?)out:\n\traw_spin_unlock\(&sysinit_lock\);\n\treturn ret;"

    def new(found: re.Match[str]) -> str:
        return "scoped_guard(raw_spinlock, &sysinit_lock) {" + found[1].replace("goto out;", "return ret;") + "\t}\n\treturn ret;"

    return within(texts, CORE, old, new)


def freed_by_scope(texts: Texts) -> Texts:
    """Free what was allocated by __free()."""
    changed = within(texts, CORE, r"u64 \*tdmr_pa_array;", "u64 *tdmr_pa_array __free(kfree) = NULL;")
    return within(changed, CORE, r"\n\t/\* Free the array as it is not required anymore\. \*/\n\tkfree\(tdmr_pa_array\);\n", "\n")


def configured(texts: Texts) -> Texts:
    """Ask the configuration first."""
    return within(
        texts,
        CORE,
        r"(static (?:__init )?int init_tdx_module\(void\)\n\{\n\tint ret;\n)",
        r"\1\n\tif (!IS_ENABLED(CONFIG_INTEL_TDX_HOST))\n\t\treturn -ENODEV;\n",
    )


def likely(texts: Texts) -> Texts:
    """Say which way is likely."""
    return within(texts, CORE, r"if \(ret\)", "if (unlikely(ret))")


def leaves_by_enum(texts: Texts) -> Texts:
    """Number the leaves in an enum."""
    path = next(each for each in texts if "define TDH_SYS_INIT" in texts[each])
    rows = re.findall(r"^#define (TDH_\w+)\s+(?:SEAMCALL_LEAF_VER\()?(\d+)", texts[path], re.MULTILINE)
    text = re.sub(r"^#define (TDH_SYS_\w+)\s+\d+\n", "", texts[path], flags=re.MULTILINE)
    enum = "enum tdh_leaf {\n" + "".join(f"\t{name} = {number},\n" for name, number in rows if name.startswith("TDH_SYS_")) + "};\n\n"
    place = text.index("#define TDH_")
    return {**texts, path: text[:place] + enum + text[place:]}


def fields_by_macro(texts: Texts) -> Texts:
    """Read the metadata fields of the TDMRs off a list of X-macros."""
    if METADATA not in texts:
        return texts
    found = re.search(r"^static (?:__init )?int get_tdx_sys_info_tdmr\(.*?^\}\n", texts[METADATA], re.MULTILINE | re.DOTALL)
    if found is None:
        return texts
    rows = re.findall(r"read_sys_metadata_field\((\w+), &val\)\)\)\s+sysinfo_tdmr->(\w+) = val;", found[0])
    macro = "#define TDMR_FIELDS(X) \\\n" + " \\\n".join(f"\tX({field}, {name})" for field, name in rows) + "\n\n"
    head = found[0].partition("\n{")[0]
    body = (
        "\n{\n\tint ret = 0;\n\tu64 val;\n\n#define READ_FIELD(id, member)\t\\\n\tif (!ret && !(ret = read_sys_metadata_field(id, &val)))\t\\\n"
        "\t\tsysinfo_tdmr->member = val;\n\n\tTDMR_FIELDS(READ_FIELD)\n#undef READ_FIELD\n\n\treturn ret;\n}\n"
    )
    return {**texts, METADATA: texts[METADATA].replace(found[0], macro + head + body)}


def fields_in_a_table(texts: Texts) -> Texts:
    """Read the metadata fields of the TDMRs off a table with offsets."""
    if METADATA not in texts:
        return texts
    found = re.search(r"^static (?:__init )?int get_tdx_sys_info_tdmr\(.*?^\}\n", texts[METADATA], re.MULTILINE | re.DOTALL)
    if found is None:
        return texts
    rows = re.findall(r"read_sys_metadata_field\((\w+), &val\)\)\)\s+sysinfo_tdmr->(\w+) = val;", found[0])
    table = (
        "static const struct { u64 id; int offset; } tdmr_fields[] = {\n"
        + "".join(f"\t{{ {field}, offsetof(struct tdx_sys_info_tdmr, {name}) }},\n" for field, name in rows)
        + "};\n\n"
    )
    head = found[0].partition("\n{")[0]
    body = (
        "\n{\n\tint i, ret;\n\tu64 val;\n\n\tfor (i = 0; i < ARRAY_SIZE(tdmr_fields); i++) {\n"
        "\t\tret = read_sys_metadata_field(tdmr_fields[i].id, &val);\n\t\tif (ret)\n\t\t\treturn ret;\n"
        "\t\t*(u16 *)((void *)sysinfo_tdmr + tdmr_fields[i].offset) = val;\n\t}\n\n\treturn 0;\n}\n"
    )
    return {**texts, METADATA: texts[METADATA].replace(found[0], table + head + body)}


def while_loops(texts: Texts) -> Texts:
    """Go through the TDMRs with while."""
    old = r"for \(i = 0; i < tdmr_list->nr_consumed_tdmrs; i\+\+\) \{\n\t\tint ret;\n\n\t\tret = init_tdmr\(tdmr_entry\(tdmr_list, i\)\);\n\t\tif \(ret\)\n\t\t\treturn ret;\n\t\}"
    new = "i = 0;\n\twhile (i < tdmr_list->nr_consumed_tdmrs) {\n\t\tint ret = init_tdmr(tdmr_entry(tdmr_list, i++));\n\n\t\tif (ret)\n\t\t\treturn ret;\n\t}"
    return within(texts, CORE, old, new)


def online_mask(texts: Texts) -> Texts:
    """Go through the online CPUs by their mask."""
    return within(texts, CORE, r"for_each_online_cpu\((\w+)\)", r"for_each_cpu(\1, cpu_online_mask)")


def package_helper(texts: Texts) -> Texts:
    """Ask in a function of its own whether a package is met for the first time."""
    changed = within(
        texts,
        CORE,
        r"if \(cpumask_test_and_set_cpu\(topology_physical_package_id\(cpu\),\s+packages\)\)\n\t\t\tcontinue;",
        "if (!first_of_package(cpu, packages))\n\t\t\tcontinue;",
    )
    helper = "static bool first_of_package(int cpu, struct cpumask *seen)\n{\n\treturn !cpumask_test_and_set_cpu(topology_physical_package_id(cpu), seen);\n}\n\n"
    return within(changed, CORE, r"(static (?:__init )?int config_global_keyid\(void\))", helper + r"\1")


def platform_helper(texts: Texts) -> Texts:
    """Ask for the CPU's abilities in a function that says no."""
    changed = within(texts, CORE, r"if \(!cpu_feature_enabled\((X86_FEATURE_\w+)\)\) \{", r"if (!host_has(\1)) {")
    return above(changed, CORE, "static bool host_has(int feature)\n{\n\treturn cpu_feature_enabled(feature);\n}\n\n")


def errno_in_a_variable(texts: Texts) -> Texts:
    """Keep the errno in a variable until the end."""
    return within(
        texts, CORE, r"if \(!tdmr_pa_array\)\n\t\treturn -ENOMEM;", "if (!tdmr_pa_array) {\n\t\tret = -ENOMEM;\n\t\treturn ret;\n\t}"
    )


def kvm_wrapper(texts: Texts) -> Texts:
    """Print KVM's refusals through a macro with the module's name."""
    changed = within(texts, KVM, r'\bpr_err\("([^"%]*) is required for TDX\\n"\)', r'tdx_refuse("\1 is required")')
    return above(changed, KVM, '#define tdx_refuse(what) pr_err(what " for TDX\\n")\n\n')


def callback_of_a_variable(texts: Texts) -> Texts:
    """Hand a callback on in a variable."""
    changed = within(
        texts,
        CORE,
        r"ret = smp_call_on_cpu\(cpu, do_global_key_config, NULL, true\);",
        "ret = smp_call_on_cpu(cpu, configure, NULL, true);",
    )
    return within(
        changed,
        CORE,
        r"(static (?:__init )?int config_global_keyid\(void\)\n\{\n\tcpumask_var_t packages;\n)",
        r"\1\tint (*configure)(void *) = do_global_key_config;\n",
    )


def one_exit(texts: Texts) -> Texts:
    """Leave a function that was left early at its end."""
    old = r"(static (?:__init )?int init_tdmrs\([^)]*\)\n\{\n)\tint i;(.*?)\n\t\tint ret;\n(.*?)return ret;\n\t\}\n\n\treturn 0;\n\}"
    return within(texts, CORE, old, r"\1\tint i, ret = 0;\2\n\3break;\n\t}\n\n\treturn ret;\n}")


def block_macro(texts: Texts) -> Texts:
    """Complain and leave in one macro."""
    changed = within(
        texts,
        CORE,
        r'if \(!cpu_feature_enabled\((X86_FEATURE_\w+)\)\) \{\n\t\tpr_err\("([^"]*)\\n"\);\n\t\treturn -(\w+);\n\t\}',
        r'need_feature(\1, -\3, "\2");',
    )
    macro = '#define need_feature(feature, err, what)\t\t\\\n\tif (!cpu_feature_enabled(feature)) {\t\t\\\n\t\tpr_err(what "\\n");\t\t\t\\\n\t\treturn err;\t\t\t\t\\\n\t}\n\n'
    return above(changed, CORE, macro)


REWRITES: tuple[Rewrite, ...] = (
    other_names, split_functions, own_print_macro, print_helper, own_folder, two_files, static_call, switch_of_answers, table_of_answers,
    check_macro, ternary, operations, steps_in_a_table, nested, guards, scoped_guards, freed_by_scope, configured, likely, leaves_by_enum,
    fields_by_macro, fields_in_a_table, while_loops, online_mask, package_helper, platform_helper, errno_in_a_variable, kvm_wrapper,
    callback_of_a_variable, one_exit, block_macro,
)  # fmt: skip


def rewritten(tree: Tree, rewrite: Rewrite) -> Tree | None:
    """Return a tree written otherwise, None where the rewrite finds nothing to do."""
    texts = rewrite(dict(tree.texts))
    if texts == tree.texts:
        return None
    renamed = {path: text.replace("arch/x86/virt/vmx/tdx/", "arch/x86/virt/tdx/") for path, text in tree.makefiles.items()}
    return Tree(texts, renamed if rewrite is own_folder else tree.makefiles, tree.headers)


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("tree")
    given.add_argument("--show", action="store_true", help="tell what changes")
    given.add_argument("--only", default="")
    args = given.parse_args()
    tree = read(args.tree)
    before = model(tree, "tree")
    good = tried = 0
    for rewrite in REWRITES:
        if args.only and args.only not in rewrite.__name__:
            continue
        other = rewritten(tree, rewrite)
        if other is None:
            print(f"{rewrite.__name__}: does not fit this tree")
            continue
        tried += 1
        try:
            found = difference(before, model(other, "tree", _MOVED if rewrite is own_folder else ("", "")))
        except Exception as error:  # noqa: BLE001 - each is one answer
            print(f"{rewrite.__name__}: {type(error).__name__}: {error}")
            continue
        good += found.is_empty
        if not found.is_empty or args.show:
            kinds = [(each.kind, each.operation, each.step, each.reason) for each in found.cases]
            print(
                f"{rewrite.__name__}: {len(found.cases)} cases, {len(found.lines)} lines, {len(found.moves)} moves: {kinds[:4]} {found.moves[:2]} {found.points[:2]}"
            )
    print(f"{good} of {tried} rewrites change nothing")


if __name__ == "__main__":
    main()
