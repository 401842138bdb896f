"""What a message names, asked of formats with arguments and of printed lines."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdxwhy.errors import RulesError
from tdxwhy.know import names
from tdxwhy.know.names import head, named, tells_failure
from tdxwhy.shipped import folder

EXAMPLES = tomllib.loads((folder("rules/knowledge") / "names.toml").read_text(encoding="utf-8"))["example"]


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: row["text"][:40])
def test_every_example_of_the_table_holds(row):
    assert tuple(named(row["text"], row.get("args", ()))) == (row["package"], row["cpu"], row["state"])


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("package %u: no answer\\n", ["pkg"]),
        ("pkg%d gone\\n", ["i"]),
        ("Package: %d\\n", ["cpu_data(cpu).topo.pkg_id"]),
        ("socket #%d\\n", ["c->phys_proc_id"]),
        ("physical package id %u\\n", ["id"]),
        ("TDX: failed to configure module, no online CPUs in package 12", []),
        ("key configuration failed on %d\\n", ["topology_logical_package_id(smp_processor_id())"]),
        ("missing: %*pbl\\n", ["cpumask_pr_args(packages)"]),
        ("status %#llx, width %*d, package %d\\n", ["status", "width", "value", "package"]),
    ],
)
def test_a_package_is_named(text, args):
    assert named(text, args).package


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("_PSS package %d is invalid\\n", ["i"]),
        ("ACPI: package %d\\n", ["package"]),
        ("%d packages found\\n", ["nr_packages"]),
        ("packages: %d\\n", ["topology_max_packages()"]),
        ("package %d\\n", ["package->package.count"]),
        ("Max. logical packages: 4", []),
        ("Num. cores per package: 12", []),
        ("socket %d closed\\n", ["fd"]),
        ("package %s\\n", ["package->name"]),
        ("package %p\\n", ["package"]),
        ("firmware package %d.%d\\n", ["major", "minor"]),
        ("SEAMCALL (0x0000000000000023) failed: 0xc000090600000008", []),
        ("TDX requires all packages to have an online CPU.", []),
        ("node %d\\n", ["cpu_to_node(cpu)"]),
        ("NCSI: package %d\\n", ["np->id"]),
        ("100%% of package\\n", []),
    ],
)
def test_no_package_is_named(text, args):
    assert not named(text, args).package


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("CPU%d is stuck\\n", ["cpu"]),
        ("CPU: %u\\n", ["i"]),
        ("bank %llu non-existent on CPU%d\\n", ["val", "m->extcpu"]),
        ("failed on %d\\n", ["smp_processor_id()"]),
        ("failed on %d\\n", ["raw_smp_processor_id()"]),
        ("apic id 0x%x rejected\\n", ["apicid"]),
        ("hot-added (physid %u)\\n", ["physid"]),
        ("CPUs %*pbl\\n", ["cpumask_pr_args(mask)"]),
        ("CPUs not responding: %*pbl\\n", ["cpumask_pr_args(&missing_cpus)"]),
        ("smpboot: CPU 12 is now offline", []),
        ("failed on %u\\n", ["per_cpu(x86_cpu_to_apicid, cpu)"]),
        ("failed on %u\\n", ["(unsigned int)policy->cpu"]),
        ("CPUs %d-%d\\n", ["first", "last"]),
        ("ACPI CPU %d\\n", ["i"]),
        ("cpu = %u\\n", ["i"]),
    ],
)
def test_a_cpu_is_named(text, args):
    assert named(text, args).cpu


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("vcpu %d\\n", ["vcpu->vcpu_id"]),
        ("%u CPUs\\n", ["num_online_cpus()"]),
        ("number of CPUs: %u\\n", ["nr_cpu_ids"]),
        ("CPU family %d\\n", ["c->x86"]),
        ("CPU model %d\\n", ["cpu_data(cpu).x86_model"]),
        ("Platform doesn't support ACPI CPU hotplug.\\n", []),
        ("CPUID %x\\n", ["leaf"]),
        ("Virtual processor ID = 0x%04x\\n", ["id"]),
        ("I/O APIC 0x%x\\n", ["address"]),
        ("node %d\\n", ["cpu_to_node(cpu)"]),
    ],
)
def test_no_cpu_is_named(text, args):
    assert not named(text, args).cpu


@pytest.mark.parametrize(
    ("text", "args", "state"),
    [
        ("CPU%d is not online\\n", ["cpu"], True),
        ("there's offline CPU(s).\\n", [], True),
        ("All packages need to have online CPU to create TD.\\n", [], True),
        ("%s\\n", ["cpu_online(cpu)"], True),
        ("mask %*pb\\n", ["cpumask_pr_args(cpu_present_mask)"], True),
        ("CPU %d is not in VMX operation.\\n", ["cpu"], True),
        ("onlining memory failed\\n", [], False),
        ("smaller than number of online CPUs (%u)\\n", ["num_online_cpus()"], False),
        ("CPU%d failed\\n", ["cpu"], False),
        ("CPU %d is not present\\n", ["cpu"], True),
        ("boost not present in the processor\\n", [], False),
    ],
)
def test_a_cpu_state_is_named(text, args, state):
    assert named(text, args).cpu_state is state


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("cpu", "cpu"),
        ("(int)cpu", "cpu"),
        ("&m->extcpu", "extcpu"),
        ("cpu_data(cpu).topo.pkg_id", "pkg_id"),
        ("topology_physical_package_id(smp_processor_id())", "topology_physical_package_id"),
        ("cpumask_pr_args(&packages)", "packages"),
        ("map[i]", "map"),
        ("", ""),
        ('"text"', ""),
    ],
)
def test_the_head_of_an_expression(expression, name):
    assert head(expression) == name


@pytest.mark.parametrize(
    ("level", "text", "failure"),
    [
        ("err", "SEAMCALL (0x%016llx) failed: 0x%016llx\\n", True),
        ("err", "module not loaded\\n", True),
        ("warn", "TDX requires all packages to have an online CPU.\\n", True),
        ("info", "TDX module is not loaded.\\n", True),
        ("warn", "option is deprecated\\n", False),
        ("warn", "consumed TDMRs reaching limit: %d used out of %d\\n", False),
        ("info", "module initialized\\n", False),
        ("info", "CPU%d is not hotpluggable\\n", False),
        ("debug", "retry failed\\n", True),
    ],
)
def test_a_failure_is_told(level, text, failure):
    assert tells_failure(level, text) is failure


@pytest.mark.parametrize(
    "file", ["drivers/acpi/scan.c", "drivers/thermal/acpi_rel.c", "net/ncsi/netlink.c", "drivers/pcmcia/i82365.c", "a.c acpi_handle_err"]
)
def test_the_file_tells_other_packages_apart(file):
    assert not named("package %d is invalid\\n", ["i"], file).package
    assert not named("socket %d\\n", ["i"], file).package
    assert named("package %d\\n", ["topology_physical_package_id(cpu)"], file).package
    assert named("package %d is invalid\\n", ["i"], "arch/x86/virt/vmx/tdx/tdx.c").package


@given(st.text(max_size=200), st.lists(st.text(max_size=30), max_size=4))
def test_any_text_gets_an_answer(text, args):
    assert named(text, args) == named(text, args)
    tells_failure("info", text)


@pytest.mark.parametrize("text", ["not toml [", "[package]\nwords = []\nspelt_wrong = 1\n", "[unknown]\n"])
def test_a_broken_table_is_one_line_of_complaint(tmp_path: Path, monkeypatch, text):
    (tmp_path / "names.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(names, "folder", lambda _: tmp_path)
    with pytest.raises(RulesError) as caught:
        names._load()
    assert "names.toml" in caught.value.message
    assert "\n" not in caught.value.message
