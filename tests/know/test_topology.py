"""CPUs and packages from log lines and sidecars: every state with its evidence, and no more than the evidence."""

from __future__ import annotations

from tdxwhy.know.offline import offline
from tdxwhy.know.recognise import recognise
from tdxwhy.know.topology import topology
from tdxwhy.read.host.sidecar import parse_sidecar
from tdxwhy.read.plain import records_of
from tdxwhy.records import Event, Place, Topology


def events(*lines: str) -> list[Event]:
    records = [records_of(Place("log", n), f"[    1.{n:06}] {line}")[0] for n, line in enumerate(lines, 1)]
    return [event for record in records if (event := recognise(record)) is not None]


def states(found: Topology) -> dict[int, tuple[int | None, str]]:
    return {cpu.number: (cpu.package, cpu.presence) for cpu in found.cpus}


def test_without_evidence_nothing_is_claimed() -> None:
    assert topology((), None) == Topology()
    assert topology(events("virt/tdx: module initialized"), None).cpus == ()


def test_all_cpus_up_by_the_counts() -> None:
    found = topology(events("CPU topo: Allowing 4 present CPUs plus 0 hotplug CPUs", "smp: Brought up 1 node, 4 CPUs"), None)
    assert [cpu.presence for cpu in found.cpus] == ["online"] * 4
    assert (found.cpu_count, found.online_count, found.package_count) == (4, 4, None)
    assert all(cpu.evidence[0].quote.startswith("smp: Brought up") for cpu in found.cpus)


def test_maxcpus_leaves_the_rest_offline_with_the_parameter_as_evidence() -> None:
    found = topology(
        events("Command line: root=/dev/sda1 maxcpus=2", "smpboot: Allowing 4 CPUs, 0 hotplug CPUs", "smp: Brought up 1 node, 2 CPUs"), None
    )
    assert [cpu.presence for cpu in found.cpus] == ["online", "online", "offline", "offline"]
    assert found.cpus[3].evidence[0].quote == "maxcpus=2"


def test_maxcpus_that_the_count_contradicts_proves_nothing() -> None:
    found = topology(events("Command line: maxcpus=2", "smpboot: Allowing 4 CPUs, 0 hotplug CPUs", "smp: Brought up 1 node, 3 CPUs"), None)
    assert [cpu.presence for cpu in found.cpus] == ["online", "unknown", "unknown", "unknown"]


def test_nosmt_with_the_bring_up_lines() -> None:
    found = topology(
        events(
            "CPU topo: Allowing 4 present CPUs plus 0 hotplug CPUs",
            "SMT: disabled",
            ".... node  #0, CPUs:        #1",
            "smp: Brought up 1 node, 2 CPUs",
        ),
        None,
    )
    assert [cpu.presence for cpu in found.cpus] == ["online", "online", "offline", "offline"]
    assert found.cpus[2].evidence[0].quote == "SMT: disabled"


def test_a_cpu_that_did_not_wake_up_was_never_seen() -> None:
    found = topology(
        events(
            "CPU topo: Allowing 3 present CPUs plus 0 hotplug CPUs",
            ".... node  #0, CPUs:        #1 #2",
            "smpboot: do_boot_cpu failed(-1) to wakeup CPU#2",
            "smp: Brought up 1 node, 2 CPUs",
        ),
        None,
    )
    assert [cpu.presence for cpu in found.cpus] == ["online", "online", "never-seen"]


def test_offline_and_online_again() -> None:
    assert states(topology(events("smpboot: CPU 3 is now offline"), None)) == {3: (None, "offline")}
    back = topology(events("smpboot: CPU 3 is now offline", "smpboot: Booting Node 0 Processor 3 APIC 0x6"), None)
    assert states(back) == {3: (None, "online")}


def test_cpus_that_go_down_for_suspend_say_nothing() -> None:
    assert topology(events("Disabling non-boot CPUs ...", "smpboot: CPU 3 is now offline"), None).cpus == ()


def test_stated_package_and_the_apic_ids_that_follow_from_it() -> None:
    found = topology(
        events(
            "smpboot: CPU 24 Converting physical 12 to logical package 6",
            "smpboot: Booting Node 6 Processor 24 APIC 0x180",
            "smpboot: Booting Node 6 Processor 25 APIC 0x181",
        ),
        None,
    )
    assert states(found) == {24: (12, "online"), 25: (12, "online")}
    assert [(p.id, p.known) for p in found.packages] == [(12, "stated")]


def test_apic_ids_without_a_stated_package_give_none() -> None:
    assert states(topology(events("smpboot: Booting Node 6 Processor 24 APIC 0x180"), None)) == {24: (None, "online")}


def test_nodes_give_packages_where_they_are_shared_out_evenly() -> None:
    lines = ("CPU topo: Max. logical packages:   2", "CPU topo: Max. logical nodes:     4", "CPU topo: Num. nodes per package:  2")
    found = topology(events(*lines, ".... node  #0, CPUs:        #1", ".... node  #3, CPUs:    #6   #7"), None)
    assert states(found)[7] == (1, "online")
    assert {p.id: p.known for p in found.packages} == {0: "inferred", 1: "inferred"}
    assert found.package_count == 2


LSCPU = "CPU SOCKET ONLINE\n" + "".join(f"{c} {'-' if c in (4, 5) else c // 2} {'no' if c in (4, 5) else 'yes'}\n" for c in range(8))


def test_a_gap_in_the_ids_of_a_sidecar_names_no_package() -> None:
    found = topology((), parse_sidecar(LSCPU, "lscpu"))
    assert states(found)[4] == (None, "offline")
    assert [(p.id, p.cpus, p.lost) for p in found.packages if not p.online] == [(None, (4, 5), True)]
    assert (offline(found).packages, offline(found).package_cpus, offline(found).guess) == ((), (4, 5), (2,))


def test_a_sidecar_gives_packages_and_the_count_of_a_line_gives_the_missing_one() -> None:
    found = topology(events("CPU topo: Max. logical packages:   4"), parse_sidecar(LSCPU, "lscpu"))
    assert states(found)[4] == (2, "offline")
    assert [(p.id, p.cpus, p.online, p.known) for p in found.packages][2] == (2, (4, 5), (), "inferred")
    assert found.cpus[4].evidence[0].place.line == 6


def test_a_package_whose_id_nobody_knows_is_still_a_package() -> None:
    text = "CPU SOCKET ONLINE\n0 7 yes\n1 7 yes\n2 - no\n3 - no\n4 9 yes\n5 9 yes\n"
    found = topology((), parse_sidecar(text, "lscpu")._replace(package_count=3))
    assert [(p.id, p.cpus, p.known) for p in found.packages] == [(7, (0, 1), "stated"), (9, (4, 5), "stated"), (None, (2, 3), "unknown")]


def test_the_log_overrules_a_later_sidecar() -> None:
    text = "CPU SOCKET ONLINE\n0 0 yes\n1 0 yes\n"
    found = topology(events("smpboot: CPU 1 is now offline"), parse_sidecar(text, "lscpu"))
    assert states(found)[1] == (0, "offline")


def test_a_huge_count_is_no_reason_to_count() -> None:
    found = topology(
        events("CPU topo: Allowing 4000000000 present CPUs plus 0 hotplug CPUs", "smp: Brought up 1 node, 4000000000 CPUs"), None
    )
    assert len(found.cpus) <= 8192
