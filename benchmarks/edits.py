"""Change one statement of a kernel tree at a time, say first which failing cases change, then extract both and compare.

    python benchmarks/edits.py TREE [--show]

The tree is one of 7.1 or later. Every edit names a function and what is done in it; what is expected stands there before anything is read:
per case its operation, its step or reason, and what changes (the errno, a line, or that it comes or goes).
"""

from __future__ import annotations

import argparse
import re
import tomllib
from typing import NamedTuple

from tdxwhy.extract.difference import Difference, difference
from tdxwhy.extract.draft import as_toml, draft
from tdxwhy.replay.data import single
from tdxwhy.replay.generation import Generation
from tdxwhy.source.kernel_tree import Tree, program_of_kernel, read

CORE = "arch/x86/virt/vmx/tdx/tdx.c"
KVM = "arch/x86/kvm/vmx/tdx.c"
CLOSE = "TDX-Module initialization failed"


class Edit(NamedTuple):
    """What is done to one function, and what is expected to change: (operation, words of step or reason, what changes).

    A line that changes its level or is no more belongs to no operation, a step that moves may be either of two.
    """

    file: str
    function: str
    old: str
    new: str
    expected: tuple[tuple[str, str, str], ...]


def _errno(function: str, old: str, new: str, operation: str, words: str) -> Edit:
    return Edit(CORE, function, rf"return -{old}\b", f"return -{new}", ((operation, words, f"errno -{new}"),))


_DROP = r"pr_\w+\([^;]*{}[^;]*\);"
EDITS = (
    _errno("alloc_tdmr_list", "ENOMEM", "EPERM", "enable", "allocate (alloc_pages_exact)"),
    _errno("fill_out_tdmrs", "ENOSPC", "E2BIG", "enable", "fill TDMRs"),
    _errno("tdmr_set_up_pamt", "ENOMEM", "ENOSPC", "enable", "allocate PAMTs"),
    _errno("config_tdx_module", "ENOMEM", "EAGAIN", "enable", "allocate (kzalloc)"),
    _errno("config_global_keyid", "ENOMEM", "EAGAIN", "enable", "allocate (cpumask)"),
    _errno("check_features", "EINVAL", "ENODEV", "enable", "clobbers RBP"),
    _errno("add_tdx_memblock", "ENOMEM", "EFAULT", "enable", "list memory"),
    _errno("tdx_offline_cpu", "EBUSY", "EAGAIN", "offline", "no other CPU online"),
    Edit(CORE, "check_features", _DROP.format("clobber"), "", (("enable", "clobbers RBP", "line gone"),)),
    Edit(CORE, "fill_out_tdmrs", _DROP.format("exhausted"), "", (("enable", "fill TDMRs", "line gone"),)),
    Edit(CORE, "tdx_offline_cpu", r"pr_warn_ratelimited\(\w+\);", "", (("offline", "no other CPU online", "line gone"),)),
    Edit(CORE, "tdx_enable", _DROP.format("XSAVE"), "", (("enable", "no XSAVE", "line gone"),)),
    Edit(
        CORE,
        "try_init_module_global",
        r"if \(ret == -ENODEV\)\s*" + _DROP.format("not loaded"),
        "",
        tuple((operation, "TDH.SYS.INIT VMfailInvalid", "line gone") for operation in ("enable", "online", "update")),
    ),
    Edit(CORE, "tdx_enable", "MOVDIR64B is required", "MOVDIR64B is wanted", (("enable", "no MOVDIR64B", "line"),)),
    Edit(
        CORE,
        "tdx_enable",
        r"X86_FEATURE_XSAVE\)\) \{",
        "X86_FEATURE_MOVDIR64B)) {",
        (("enable", "no XSAVE", "gone"), ("enable", "no MOVDIR64B", "line")),
    ),
    Edit(CORE, "tdx_init", r"if \(nr_tdx_keyids < 2\) \{[^}]*\}", "", (("boot", "one private KeyID", "gone"),)),
    Edit(CORE, "tdx_init", r"if \(hibernation_available\(\)\) \{[^}]*\}", "", (("boot", "hibernation", "gone"),)),
    Edit(KVM, "tdx_hardware_setup", r"if \(!enable_apicv\) \{[^}]*\}", "", (("kvmload", "APICv", "gone"),)),
    Edit(
        KVM,
        "__tdx_hardware_setup",
        r"if \(td_conf->max_vcpus_per_td < num_present_cpus\(\)\) \{[^}]*\}",
        "",
        (("kvmload", "more CPUs than a TD", "gone"),),
    ),
    Edit(KVM, "__tdx_td_init", _DROP.replace("{}", r"MSG_ALLPKG"), "", (("createtd", "has no CPU online", "line gone"),)),
)

LOADER = "arch/x86/virt/vmx/tdx/seamldr.c"
_KINDS = ("a status", "#UD", "#GP", "VMfailInvalid")
_ON_CPUS = ("enable", "online", "update")
EDITS += (
    Edit(CORE, "tdx_enable", r"(Self-snoop[^}]*return -)ENODEV", r"\1EOPNOTSUPP", (("enable", "no self-snoop", "errno -EOPNOTSUPP"),)),
    Edit(
        CORE,
        "tdx_cpu_enable",
        r"ret = seamcall_prerr\(TDH_SYS_LP_INIT, &args\);\s*if \(ret\)\s*return ret;",
        "",
        tuple((operation, f"TDH.SYS.LP.INIT {kind}", "gone") for operation in _ON_CPUS for kind in _KINDS),
    ),
    Edit(CORE, "init_tdmr", "seamcall_prerr_ret", "seamcall_prerr", (("enable", "TDH.SYS.TDMR.INIT a status", "line gone"),)),
    Edit(KVM, "tdx_hardware_setup", _DROP.format("not supported by the host"), "", (("kvmload", "found no TDX at boot", "gone"),)),
    Edit(
        KVM,
        "tdx_hardware_setup",
        r"(OSXSAVE is required[^}]*)goto success_disable_tdx",
        r"\1return -EINVAL",
        (("kvmload", "OSXSAVE", "errno -EINVAL"),),
    ),
    Edit(
        KVM, "__tdx_hardware_setup", r"(smaller than[^}]*return -)EINVAL", r"\1E2BIG", (("kvmload", "more CPUs than a TD", "errno -E2BIG"),)
    ),
    Edit(KVM, "__tdx_td_init", "ret = -EAGAIN", "ret = -EBUSY", (("createtd", "TDH.MNG.CREATE 0x8000020300000000", "errno -EBUSY"),)),
    Edit(
        KVM, "tdx_mmu_release_hkid", _DROP.format("tdh_mng_key_freeid"), "", (("destroytd", "TDH.MNG.KEY.FREEID any other", "line gone"),)
    ),
    Edit(KVM, "setup_tdparams", r"(created_vcpus\)\s*return -)EBUSY", r"\1EPERM", (("createtd", "created_vcpus", "errno -EPERM"),)),
    Edit(LOADER, "init_seamldr_params", "return -EINVAL", "return -EFBIG", (("update", "image has another form", "errno -EFBIG"),)),
    Edit(LOADER, "seamldr_install_module", "return -ENOMEM", "return -EAGAIN", (("update", "allocate (kzalloc)", "errno -EAGAIN"),)),
    Edit(
        CORE,
        "tdx_sys_disable",
        _DROP.format("DISABLE failed"),
        "",
        (("shutdown", "TDH.SYS.DISABLE a status", "gone"), ("", "TDH.SYS.DISABLE failed", "gone")),
    ),
    Edit(
        CORE,
        "tdx_init",
        _DROP.format("register_memory_notifier"),
        "",
        (("boot", "memory notifier", "gone"), ("", "register_memory_notifier", "gone")),
    ),
    Edit(
        CORE,
        "tdx_enable",
        r"(if \(!\w+\(X86_FEATURE_XSAVE\)\) \{[^}]*\})\n\n\t(if \(!\w+\(X86_FEATURE_MOVDIR64B\)\) \{[^}]*\})",
        r"\2\n\n\t\1",
        (("enable", "no XSAVE|no MOVDIR64B", "moved"),),
    ),
    Edit(KVM, "tdx_hardware_setup", r"pr_err\((\"APICv)", r"pr_warn(\1", (("", "APICv is required", "level"),)),
    Edit(
        CORE,
        "tdx_offline_cpu",
        r"TDX requires all",
        "TDX wants all",
        (("offline", "no other CPU online", "line"), ("", "TDX wants all", "reworded")),
    ),
    Edit(CORE, "tdmr_add_rsvd_area", "return -ENOSPC", "return -E2BIG", (("enable", "reserve areas", "errno -E2BIG"),)),
    Edit(
        CORE,
        "tdx_enable",
        r"if \(!cpu_feature_enabled\(X86_FEATURE_TDX_HOST_PLATFORM\)\) \{[^}]*\}",
        "",
        (("enable", "found no TDX at boot", "gone"), ("", "not supported by the host", "gone")),
    ),
    Edit(CORE, "init_tdx_module", _DROP.format("allocated for PAMT"), "", (("", "allocated for PAMT", "gone"),)),
    Edit(
        "arch/x86/virt/hw.c",
        "x86_virt_cpu_vmxon",
        "return -EFAULT",
        "return -EIO",
        (("enable", "VMXON: fault", "errno -EIO"), ("online", "VMXON: fault", "errno -EIO")),
    ),
)


def edited(tree: Tree, edit: Edit) -> Tree:
    """Return a tree with one statement of one function changed."""
    text = tree.texts[edit.file]
    found = re.search(rf"^[^\n#]*\b{edit.function}\([^;{{]*\)\s*\{{.*?^\}}", text, re.MULTILINE | re.DOTALL)
    if found is None or not re.search(edit.old, found[0]):
        raise SystemExit(f"{edit.function}(): no {edit.old}")
    body = re.sub(edit.old, edit.new, found[0], count=1)
    return tree._replace(texts={**tree.texts, edit.file: text[: found.start()] + body + text[found.end() :]})


def model(tree: Tree, name: str, moved: tuple[str, str] = ("", "")) -> Generation:
    """Return the draft of a tree; of one whose files have moved with their paths as they were."""
    return single("draft.toml", tomllib.loads(as_toml(draft(program_of_kernel(tree), name)).replace(*moved)))


def changes(found: Difference) -> list[tuple[str, str, str]]:
    """Return what changed, each case as the edits say it."""
    rows = []
    for each in found.cases:
        what = each.kind
        if each.before is not None and each.after is not None:
            lines = "line gone" if len(each.after.lines) < len(each.before.lines) else "line"
            what = f"errno {each.after.errno_name}" if each.before.errno != each.after.errno else lines
        rows.append((each.operation, f"{each.step} {each.reason}", what))
    rows += [(each.operation, each.step, "moved") for each in found.moves]
    return rows + [("", each.after or each.before or "", each.kind) for each in found.lines]


def judged(edit: Edit, got: list[tuple[str, str, str]]) -> str:
    """Tell whether exactly the expected cases changed, and as expected."""
    asked = {operation for operation, _, _ in edit.expected}
    left = [row for row in got if row[0] or "" in asked]
    for operation, words, what in edit.expected:
        fits = [row for row in left if row[0] == operation and any(each in row[1] for each in words.split("|")) and row[2] == what]
        if not fits:
            return f"not seen: {operation}: {words}: {what}"
        left = [row for row in left if row not in fits]
    return f"not expected: {left}" if left else ""


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("tree")
    given.add_argument("--show", action="store_true")
    given.add_argument("--from", dest="first", type=int, default=0, metavar="N", help="leave the first N out")
    args = given.parse_args()
    tree = read(args.tree)
    before = model(tree, "before")
    good = 0
    for edit in EDITS[args.first :]:
        wrong = judged(edit, changes(difference(before, model(edited(tree, edit), "after"))))
        good += not wrong
        if wrong or args.show:
            print(f"{edit.function}(): {edit.old} -> {edit.new or 'nothing'}: {wrong or 'as expected'}")
    print(f"{good} of {len(EDITS[args.first :])} edits change exactly the expected cases")


if __name__ == "__main__":
    main()
