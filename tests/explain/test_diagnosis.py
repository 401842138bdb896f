"""What a log can carry and what it cannot."""

from __future__ import annotations

import pytest

from tdxwhy.read.host.sidecar import of_cpus
from tdxwhy.records import Cpu
from tests.explain.logs import BIOS, boot, diagnosed, read

RD = "virt/tdx: SEAMCALL (0x0000000000000022) failed: 0xc0000c0000000000"
ASKED = "kvm_intel.tdx=1 nohibernate"


def test_failed_call_names_step_status_and_cause() -> None:
    found = diagnosed(
        boot(
            [
                (1.5, BIOS),
                (14.0, "virt/tdx: SEAMCALL (0x000000000000001f) failed: 0x8000080000000000"),
                (14.1, "virt/tdx: module initialization failed (-5)"),
            ]
        )
    )
    assert (found.outcome, found.steps) == ("failed", ("TDH.SYS.KEY.CONFIG",))
    assert found.seamcall is not None
    assert found.seamcall.status_name == "TDX_KEY_GENERATION_FAILED"
    assert found.causes[0].id == "key-generation-failed"
    assert found.sentence is not None
    assert "global KeyID" in found.sentence


def test_a_call_that_fails_on_the_way_does_not_spoil_success() -> None:
    found = diagnosed(
        boot([(1.5, BIOS), (13.0, RD), (15.0, "virt/tdx: 2101268 KB allocated for PAMT"), (15.1, "virt/tdx: module initialized")])
    )
    assert (found.outcome, found.steps, found.causes) == ("initialized", (), ())
    assert found.seamcall is not None
    assert found.seamcall.status_name == "TDX_METADATA_FIELD_ID_INCORRECT"


def test_pamt_line_alone_proves_success() -> None:
    assert diagnosed("[   15.000000] virt/tdx: 2101268 KB allocated for PAMT\n").outcome == "initialized"


def test_a_cpu_refused_later_leaves_the_module_initialised() -> None:
    late = "virt/tdx: SEAMCALL (0x0000000000000023) failed: 0xc000092000000000"
    assert diagnosed(boot([(1.5, BIOS), (15.1, "virt/tdx: module initialized"), (50.0, late)])).outcome == "initialized"


def test_run_time_page_codes_prove_readiness() -> None:
    found = diagnosed("[37599.300000] virt/tdx: SEAMCALL (0x000000000000001c) failed: 0xc000030000000001\n")
    assert (found.outcome, found.steps) == ("initialized", ())


def test_run_time_leaf_refused_as_not_ready_proves_nothing() -> None:
    assert diagnosed("[37599.300000] virt/tdx: SEAMCALL (0x000000000000001c) failed: 0xc000050500000000\n").outcome == "unknown"


@pytest.mark.parametrize(
    ("kernel", "command_line", "until", "outcome", "cause"),
    [
        ("6.16.9", ASKED, 60.0, "failed", "seam-not-enabled"),
        ("6.16.9", ASKED, 1.6, "unknown", None),
        ("6.16.9", "quiet", 60.0, "unknown", None),
        ("6.16.9", "kvm_intel.tdx=0", 60.0, "not-attempted", "tdx-not-requested"),
        ("6.16.9", "kvm_intel_tdx=1", 60.0, "not-attempted", "tdx-not-requested"),
        ("7.3.4", ASKED, 60.0, "failed", "seam-not-enabled"),
        ("7.3.4", "quiet", 60.0, "unknown", None),
    ],
)
def test_silence(kernel: str, command_line: str, until: float, outcome: str, cause: str | None) -> None:
    found = diagnosed(boot([(1.5, BIOS)], kernel, command_line, until))
    assert found.outcome == outcome
    assert (found.causes[0].id if found.causes else None) == cause
    if outcome == "failed":
        assert set(found.steps) == {"TDH.SYS.INIT", "TDH.SYS.LP.INIT"}
    if outcome != "failed":
        assert not found.steps
    if "=0" not in command_line:
        assert found.settles


@pytest.mark.parametrize("asked", ["quiet", ASKED, "kvm_intel.tdx=0", "kvm_intel_tdx=1"])
@pytest.mark.parametrize(
    "late", [(), ((9.0, "kvm_intel: unknown parameter 'tdx' ignored"),), ((9.0, "kvm_intel: Unknown symbol tdx_enable (err -22)"),)]
)
def test_the_version_number_changes_nothing(asked: str, late: tuple[tuple[float, str], ...]) -> None:
    def told(kernel: str) -> tuple[object, ...]:
        found = diagnosed(boot([(1.5, BIOS), *late], kernel, asked))
        return found.outcome, found.steps, found.causes, found.reason, found.settles

    assert told("7.2.13") == told("6.12.0-211.el10") == told("6.16.9")


def test_a_design_that_only_waits_for_kvm_is_known_by_its_lines() -> None:
    found = diagnosed(boot([(1.5, "tdx: BIOS enabled: private KeyID range [32, 64)")], "7.3.4"))
    assert (found.outcome, found.causes[0].id) == ("not-attempted", "tdx-not-requested")


def test_silence_in_a_picked_log_is_undecided() -> None:
    text = "".join(line + "\n" for line in boot([(1.5, BIOS)], "6.16.9", ASKED).splitlines() if "tdx" in line)
    assert diagnosed(text).outcome == "unknown"


def test_the_harmless_line_of_new_kernels_is_no_failure() -> None:
    found = diagnosed(boot([(2.4, "virt/tdx: TDX not supported by the host platform")], "7.3.4"))
    assert (found.outcome, found.causes[0].id) == ("not-attempted", "platform-not-supported")


def test_the_line_before_the_harmless_one_says_why() -> None:
    lines = [
        (1.5, BIOS),
        (1.6, "virt/tdx: initialization failed: Hibernation support is enabled"),
        (2.4, "virt/tdx: TDX not supported by the host platform"),
    ]
    found = diagnosed(boot(lines, "7.3.4"))
    assert (found.outcome, found.steps, found.causes[0].id) == ("failed", ("early-init",), "hibernation-enabled")


def test_a_guest_is_no_host() -> None:
    found = diagnosed(boot([(0.1, "tdx: Guest detected"), (1.0, "Memory Encryption Features active: Intel TDX")]))
    assert (found.role, found.outcome, found.causes) == ("guest", "not-attempted", ())


def test_oops_counts_only_inside_initialisation() -> None:
    oops = [
        (14.0, "BUG: unable to handle page fault for address: ffff8c2b40000000"),
        (14.01, "Oops: Oops: 0002 [#1] SMP NOPTI"),
        (14.02, "Call Trace:"),
    ]
    inside = diagnosed(boot([(1.5, BIOS), *oops, (14.03, " init_tdx_module+0x1f3/0x5d0")], command_line=ASKED))
    assert (inside.outcome, inside.causes[0].id) == ("failed", "kernel-fault-in-init")
    elsewhere = diagnosed(
        boot([(1.5, BIOS), *oops, (14.03, " nvme_probe+0x1f3/0x5d0"), (15.1, "virt/tdx: module initialized")], command_line=ASKED)
    )
    assert elsewhere.outcome == "initialized"


def test_the_last_boot_decides() -> None:
    good = boot([(1.5, BIOS), (15.1, "virt/tdx: module initialized")])
    bad = boot([(1.6, BIOS), (14.2, "virt/tdx: module not loaded")], kernel="6.16.10")
    assert read(good + bad).judged.diagnosis.outcome == "failed"
    assert read(bad + good).judged.diagnosis.outcome == "initialized"


def test_a_quoted_example_is_not_the_log() -> None:
    failing = "[   10.000000] virt/tdx: BIOS enabled: private KeyID range [32, 64)\n[   20.000000] virt/tdx: module not loaded\n"
    wanted = "> [   24.258009] virt/tdx: module initialized\n"
    assert diagnosed(f"One should see\n\n{wanted}\nbut I get\n\n```\n{failing}```\n").outcome == "failed"
    assert diagnosed(f"I get\n\n```\n{failing}```\n\nand one should see\n\n{wanted}").outcome == "failed"


def test_firmware_values_beside_an_empty_log() -> None:
    assert diagnosed("### TDX kernel logs\n\nSEAM_RR bit: 0 (expected value: 1)\nNUM_TDX_PRIV_KEYS: 0\n").outcome == "disabled-by-bios"
    found = diagnosed("6.8.0-60-generic #63-Ubuntu SMP PREEMPT_DYNAMIC\nSEAM_RR bit: 1 (expected value: 1)\nNUM_TDX_PRIV_KEYS: 3f\n")
    assert (found.outcome, found.kernel, found.causes[0].id) == ("not-attempted", "6.8.0-60-generic", "kernel-without-tdx")


def test_memory_encryption_that_is_off_tells_only_after_a_request() -> None:
    off = (0.0, "x86/tme: not enabled by BIOS")
    found = diagnosed(boot([off], "6.8.0-60-intel", ASKED))
    assert (found.outcome, [cause.id for cause in found.causes]) == ("disabled-by-bios", ["bios-tdx-disabled"])
    assert diagnosed(boot([off], "6.8.0-60-intel")).outcome == "not-attempted"
    unsupported = diagnosed(boot([off, (2.4, "virt/tdx: TDX not supported by the host platform")], "7.3.4"))
    assert (unsupported.outcome, unsupported.causes[0].id) == ("not-attempted", "platform-not-supported")


def test_a_kernel_that_lacks_tdx_says_so_beside_the_log() -> None:
    found = diagnosed("# grep TDX /boot/config\nCONFIG_INTEL_TDX_GUEST=y\n# CONFIG_INTEL_TDX_HOST is not set\n# dmesg | grep tdx\n")
    assert (found.role, found.outcome, found.causes[0].id) == ("host", "not-attempted", "kernel-without-tdx")
    lines = [(1.5, BIOS), (9.0, "kvm_intel: unknown parameter 'tdx' ignored")]
    assert diagnosed(boot(lines, "6.12.41", ASKED)).causes[0].id == "kernel-without-tdx"


def test_kvm_that_could_not_be_loaded_asked_for_nothing() -> None:
    found = diagnosed(boot([(1.5, BIOS), (9.0, "kvm_intel: Unknown symbol tdx_enable (err -22)")], "6.8.0", ASKED))
    assert (found.outcome, found.causes[0].id) == ("not-attempted", "kvm-refused")


def test_a_line_with_a_date_of_its_own_is_no_wrapped_rest() -> None:
    lines = [
        "[    1.5] " + BIOS,
        "[    9.5] virt/tdx: SEAMCALL (0x0000000000000021) failed: 0xc000092100000122",
        "2025/11/03 14:22:02 FAILED",
    ]
    found = diagnosed("\n".join(lines) + "\n")
    assert found.seamcall is not None and found.seamcall.status == 0xC000092100000122


def test_a_reason_that_no_form_knows_is_no_known_cause() -> None:
    assert [cause.id for cause in diagnosed("virt/tdx: initialization failed: the moon is full\n").causes] == ["unknown"]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("virt/tdx: initialization failed: too few private KeyIDs available. BIOS gave one.", "too-few-keyids"),
        ("virt/tdx: module not loa", "module-not-loaded"),
        ("virt/tdx: Module not loaded.", "module-not-loaded"),
        ("virt/tdx: initialization failed: Disable TDX due to hibernation is", "hibernation-enabled"),
    ],
)
def test_a_cause_is_known_though_the_line_is_cut_or_written_on(text: str, cause: str) -> None:
    assert diagnosed(f"[    3.610000] {text}\n").causes[0].id == cause


def test_an_ordinary_boot_has_nothing_to_say() -> None:
    found = diagnosed(boot([], "6.1.0"))
    assert (found.outcome, found.steps, found.causes, found.sentence) == ("not-attempted", (), (), None)


def test_kvm_that_refuses_is_told_beside_success() -> None:
    refused = "kvm_intel: Disable TDX: MAX_VCPU_PER_TD (576) smaller than number of logical CPUs (640)."
    found = diagnosed(boot([(1.5, BIOS), (15.1, "virt/tdx: module initialized"), (15.2, refused)]))
    assert (found.outcome, found.causes[0].id) == ("initialized", "kvm-refused")


def test_a_limit_of_the_module_shows_that_it_came_up() -> None:
    refused = "kvm_intel: Disable TDX: MAX_VCPU_PER_TD (576) smaller than number of logical CPUs (640)."
    found = diagnosed(f"[   15.2] {refused}\n")
    assert (found.outcome, found.steps, found.causes[0].id) == ("initialized", (), "kvm-refused")


@pytest.mark.parametrize(
    ("before", "line", "outcome"),
    [
        ("", "EPT is required for TDX", "unknown"),  # from 7.1 on the module has come up before, and no line tells of it
        ("[    1.5] " + BIOS, "EPT is required for TDX", "failed"),
        ("", "tdx: MOVDIR64B is required for TDX", "failed"),  # KVM's own check until 6.19 only
    ],
)
def test_kvm_alone_tells_of_the_module_only_where_it_is_kvm_that_asks_for_it(before: str, line: str, outcome: str) -> None:
    found = diagnosed(f"{before}\n[   15.2] kvm_intel: {line}\n")
    assert (found.outcome, found.causes[0].id) == (outcome, "kvm-refused")
    assert bool(found.settles) is (outcome == "unknown")


@pytest.mark.parametrize("line", ["SEAMCALL (0x00000000000000000000", "SEAMCALL (0x0000000000000000) failed: 0xc000050500000000"])
def test_leaf_0_is_a_leaf_even_where_the_line_is_cut(line: str) -> None:
    found = diagnosed(boot([(1.5, BIOS), (14.0, f"virt/tdx: {line}")]))
    assert found.seamcall is not None
    assert (found.seamcall.leaf, found.seamcall.name) == (0, "TDH.VP.ENTER")


@pytest.mark.parametrize(
    ("step", "end", "reloads"),
    [
        (0x23, "virt/tdx: module initialization failed (-5)", True),  # the kernel waits for KVM, and asks again for this step
        (0x1F, "virt/tdx: module initialization failed (-5)", False),
        (0x23, "virt/tdx: TDX-Module initialization failed (-5)", False),  # at boot, once
    ],
)
def test_kvm_is_reloaded_only_where_the_kernel_asks_again(step: int, end: str, reloads: bool) -> None:
    found = diagnosed(boot([(1.5, BIOS), (13.0, f"virt/tdx: SEAMCALL (0x{step:016x}) failed: 0x8000020200000000"), (13.1, end)]))
    assert found.causes[0].id == "module-busy"
    assert any("modprobe" in action.command for action in found.actions) is reloads


def test_memory_is_left_free_where_the_kernel_already_starts_early() -> None:
    late, early = (
        diagnosed(boot([(1.5, BIOS), (13.0, f"virt/tdx: {end} (-12)")])).actions[0].text
        for end in ("module initialization failed", "TDX-Module initialization failed")
    )
    assert "early" in late and "early" not in early


def test_cpus_of_another_machine_are_said_to_contradict_and_are_not_used() -> None:
    log = boot(
        [
            (0.01, "smpboot: Allowing 16 CPUs, 0 hotplug CPUs"),
            (0.7, "smp: Brought up 2 nodes, 16 CPUs"),
            (1.5, BIOS),
            (9.5, "virt/tdx: SEAMCALL (0x000000000000002d) failed: 0xc000050c00000000"),
            (9.6, "virt/tdx: module initialization failed (-5)"),
        ]
    )
    two = of_cpus([Cpu(0, 0, "online"), Cpu(1, None, "offline")])
    found = diagnosed(log, two)
    assert any("contradict" in note.text for note in found.notes)
    assert (found.topology.cpu_count, found.cpus) == (16, ())
    same = of_cpus([Cpu(number, number // 8, "online") for number in range(16)])
    fewer_are_online_now = of_cpus([Cpu(number, number // 8, "online") for number in range(8)])._replace(cpu_count=None)
    for fits in (same, fewer_are_online_now):
        assert not any("contradict" in note.text for note in diagnosed(log, fits).notes)
