"""Compare what is read off a kernel's source with what that kernel's code does: every scenario in which one thing goes wrong.

    python benchmarks/oracle.py TREE SCENARIOS.jsonl.gz [--show]

Last come the figures of the draft over all rows: lines, and returns without those of kvmload, whose caller is emulated in some rows.

A row of the scenarios has `scenario`, `lines` and `returns`, as real code run against a fake module gave them. Two answers are compared:
the rows of `preview`, by the fault that the scenario sets (unknown values in braces match anything), up to the operation that fails;
and the generation file that `model extract` drafts, run on the whole scenario. A row is agreed, unseen (said to be not followed), or wrong.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from tdxwhy.explain.preview import COUNTED_STEP, PACKAGE_STEP, PreviewRow, rows_of
from tdxwhy.extract.draft import as_toml, draft
from tdxwhy.replay.conditions import CONDITIONS
from tdxwhy.replay.data import load
from tdxwhy.replay.generation import Generation
from tdxwhy.replay.kernel import Kernel
from tdxwhy.replay.platform import Platform
from tdxwhy.replay.scenario import parse
from tdxwhy.replay.steps import DOES
from tdxwhy.source.kernel_tree import read_kernel
from tdxwhy.source.run.failing_cases import runs_at_boot
from tdxwhy.source.run.interpreter import Interpreter
from tdxwhy.source.run.program import Program, errnos
from tdxwhy.source.tree import program_of_tree, read_tree

# TDH.SYS.INIT and TDH.SYS.TDMR.INIT
_BRING_UP = (33, 36)
_REASONS = {"UD": "#UD", "GP": "#GP", "VMFAILINVALID": "module not reached (VMfailInvalid)"}
_STATES = {"absent": "VMFAILINVALID", "gp": "GP"}
# The settings that make something fail, with the words that the failing row has.
_SETTINGS = {
    "keyid_msr_fault": r"record_keyid_partitioning",
    "hibernation": r"hibernation_available",
    "memnotifier_fail": r"register_memory_notifier",
    "max_rsvd": r"max_reserved_per_tdmr",
    "max_tdmrs": r"max_tdmrs",
    "has_sysrd": r"^TDH.SYS.RD: status",
    "vmx_unsupported": r"virt_ops.feature",
    "num_cpuid_config": r"num_cpuid_config",
}
_ALLOCATIONS = {
    "kmalloc": r"\bkmalloc\w*\(",
    "kzalloc": r"\bk[zc]alloc\w*\(",
    "alloc_pages_exact": r"\balloc_pages_exact\(",
    "alloc_contig_pages": r"\balloc_contig_pages\w*\(",
    "cpumask": r"cpumask_var",
}


def faults_of(row: dict[str, Any], rows: tuple[PreviewRow, ...]) -> list[str]:
    """Return what goes wrong in a scenario, each as the pattern of the rows that say so."""
    scenario = row["scenario"]
    settings, module, platform = scenario["settings"], scenario["module"], scenario["platform"]
    asked = [each for each in scenario["faults"] if any(row.step == each["leaf"] for row in rows)]
    found = [f"^{re.escape(each['leaf'])}: {re.escape(_REASONS.get(each['status'], 'status'))}" for each in asked]
    found += [_ALLOCATIONS[each["kind"]] for each in scenario["allocation_failures"]]
    found += ["hotplug" for _ in scenario["hotplug"]]
    found += [_SETTINGS[name] for name, value in settings.items() if name in _SETTINGS and not (name == "has_sysrd" and value)]
    if module["state"] != "loaded":
        found.append(f"^TDH.SYS.INIT: {re.escape(_REASONS.get(_STATES.get(module['state'], ''), 'status'))}")
    keyids = settings.get("keyid", "63 64").split()[1]
    found += [{"0": r"record_keyid_partitioning", "1": r"nr_tdx_keyids < 2"}[keyids]] if keyids in "01" else []
    online = [cpu for cpu in range(len(platform["cpu_to_package"])) if cpu not in platform["offline_at_boot"]]
    for cpus in (scenario["without_vmxon"], scenario["vmxon_faults"]):
        found += [f"^TDH.SYS.{'INIT' if online[0] in cpus else 'LP.INIT'}: #UD"] if cpus else []
    if scenario["vmxon_faults"]:
        found[-1] += "|VMXON faults"
    before = scenario["operations"][: scenario["operations"].index("enable")] if "enable" in scenario["operations"] else []
    if platform["packages"] > module["max_packages"]:
        found.append("^TDH.SYS.LP.INIT: status")
    elif module["all_cpus_before_config"]:
        off = platform["offline_at_boot"] or any(each.startswith("offline") for each in before)
        found += [f"^{COUNTED_STEP}:"] if off else []
    elif len({platform["cpu_to_package"][cpu] for cpu in online}) < platform["packages"]:
        found.append(f"^{PACKAGE_STEP}:")
    if row["category"] == "memory" and not found and any(row["returns"]):
        found.append("^TDH.SYS.CONFIG: status" if "CMR" in row["title"] else "tdmr_idx|max_reserved")
    return found


def by_preview(rows: tuple[PreviewRow, ...], boot_and_well: tuple[list[str], list[str]], row: dict[str, Any], pattern: str) -> str:
    """Judge a scenario by the rows that its fault names: one of them must be what was seen. What recovers looks as if all went well."""
    boot, well = boot_and_well
    lines = [each["text"] for each in row["lines"] if not each.get("approximate")]
    named = [each for each in rows if re.search(pattern, f"{each.step}: {each.reason}")]
    if not any(row["returns"]):
        return "agreed" if len(well) == len(lines) and all(map(_matches, well, lines)) else "wrong"
    if not named:
        return "unseen"
    late = any(each.get("cpu") in row["scenario"]["platform"]["offline_at_boot"] for each in row["scenario"]["faults"])
    before = well if late else boot
    errno = next(each for each in row["returns"] if each)
    return (
        "agreed"
        if any(_seen(each, before, lines, errno) for each in named)
        else "unseen"
        if any(each.unseen for each in named)
        else "wrong"
    )


def _seen(case: PreviewRow, before: list[str], lines: list[str], errno: int) -> bool:
    """Tell whether lines begin as a case says, and its errno is what came back; a case at boot stops the rest with -ENODEV."""
    at_boot = case.errno == ""
    texts = [line.text for line in case.lines if not line.text.startswith("WARNING: ")]
    wanted = texts if at_boot else [*before, *texts]
    number = -errnos()["ENODEV" if at_boot else case.errno.lstrip("-")]
    return number == errno and len(lines) >= len(wanted) and all(_matches(a, b) for a, b in zip(wanted, lines, strict=False))


def _matches(template: str, line: str) -> bool:
    return re.fullmatch(".*?".join(re.escape(part) for part in re.split(r"\{[^{}]*\}", template)), line) is not None


def by_draft(made: Generation, row: dict[str, Any]) -> tuple[str, bool, bool]:
    """Judge a scenario by running the drafted generation on it: in a word, and whether the lines and the returns agree."""
    kernel = Kernel(made, Platform(parse(row["scenario"])), DOES, CONDITIONS)
    asked = row["scenario"]["operations"]
    try:
        returned = [kernel.ask(words) for words in asked]
    except (KeyError, IndexError, TypeError, ValueError):
        return "unseen", False, False
    lines = [(line.level, line.text) for line in kernel.lines if not line.approximate]
    wanted = [(line["level"], line["text"]) for line in row["lines"] if not line.get("approximate")]
    kept = [place for place, words in enumerate(asked) if words != "kvmload"]
    returns = [returned[place] for place in kept] == [row["returns"][place] for place in kept]
    return "agreed" if lines == wanted and returns else "wrong", lines == wanted, returns


def lines_of(program: Program) -> tuple[list[str], list[str]]:
    """Return what a kernel prints at boot, and with bring-up after it, where all goes well."""
    wells = {entry: Interpreter(program).run(entry) for entry in program.entries()}
    boot = [line.text for entry, well in wells.items() if runs_at_boot(program, entry, well) for line in well.lines]
    asking = [well for well in wells.values() if any(each.kind == "leaf" and each.leaf in _BRING_UP for each in well.decisions)]
    return boot, [*boot, *(line.text for well in asking for line in well.lines)]


def drafted(program: Program, name: str) -> Generation:
    with tempfile.TemporaryDirectory(prefix="tdxwhy-") as folder:
        path = Path(folder) / "draft.toml"
        path.write_text(as_toml(draft(program, name)), encoding="utf-8")
        return load(path)


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("tree")
    given.add_argument("scenarios")
    given.add_argument("--show", action="store_true", help="list every scenario, not only those that do not agree")
    args = given.parse_args()
    program = program_of_tree(read_tree(args.tree), args.tree)
    rows, well, generation = rows_of(program), lines_of(program), drafted(read_kernel(args.tree), "draft")
    whole: Counter[str] = Counter()
    counts: dict[str, Counter[str]] = {"preview": Counter(), "draft": Counter()}
    with gzip.open(args.scenarios, "rt") as stream:
        for row in map(json.loads, stream):
            word, lines, returns = by_draft(generation, row)
            whole.update({"rows": 1, "lines": lines, "returns": returns, "both": lines and returns})
            faults = faults_of(row, rows)
            if len(faults) != 1:
                continue
            verdicts = {"preview": by_preview(rows, well, row, faults[0]), "draft": word}
            for name, verdict in verdicts.items():
                counts[name][verdict] += 1
            if args.show or set(verdicts.values()) & {"wrong", "unseen"}:
                print(row["id"], row["category"], row["title"], *(f"{name}: {verdict}" for name, verdict in verdicts.items()), sep=" | ")
    for name, count in counts.items():
        print(f"{name}: {', '.join(f'{number} {verdict}' for verdict, number in sorted(count.items()))} of {count.total()} single faults")
    print(f"draft: lines {whole['lines']}, returns {whole['returns']}, both {whole['both']} of all {whole['rows']} rows")


if __name__ == "__main__":
    main()
