"""Lines that no form matches as they stand: torn ones, and vendors' wordings."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tdxwhy.know import tables
from tdxwhy.know.recognise import TDX_KINDS, recognise, step_of
from tdxwhy.records import LogRecord, Place


def record(text: str, cut: str = "", stamped: bool = True) -> LogRecord:
    return LogRecord(Place("test", 1), text, text, time_ns=1 if stamped else None, cut=cut)


@pytest.mark.parametrize(
    ("text", "cut", "nearest", "values"),
    [
        ("virt/tdx: SEAMCALL (0x0000000000000024) failed: 0xc0000505", "tail", "virt-tdx.seamcall-failed", {"leaf": 36}),
        ("virt/tdx: SEAMCALL (0x00000000", "tail", "virt-tdx.seamcall-failed", {}),
        (
            "CALL (0x0000000000000024) failed: 0xc000050500000000",
            "head",
            "virt-tdx.seamcall-failed",
            {"leaf": 36, "status": 0xC000050500000000},
        ),
        ("0024) failed: 0xc000050500000000", "head", "virt-tdx.seamcall-failed", {"status": 0xC000050500000000}),
        ("virt/tdx: BIOS enabled: private KeyID range [31,", "tail", "virt-tdx.bios-enabled-private-keyid-range", {"first": 31}),
        ("virt/tdx: BIOS enabled: private KeyID range [31, 6", "tail", "virt-tdx.bios-enabled-private-keyid-range", {"first": 31}),
        ("e initialization failed (-5)", "head", "", {"errno": -5}),
        ("smpboot: CPU 14 is now off", "tail", "topology.smpboot-cpu-is-now-offline", {"cpu": 14}),
    ],
)
def test_a_torn_line_is_known_where_one_form_remains(text, cut, nearest, values):
    event = recognise(record(text, cut))
    assert event.certainty == "partial" and event.form is None
    assert event.nearest.id.startswith(nearest)
    assert {name: event.values[name] for name in values} == values
    assert "status" in values or "status" not in event.values


def test_a_number_at_the_tear_is_not_believed():
    event = recognise(record("tdx: SEAMCALL failed: CPU 9", "tail"))
    assert "cpu" not in event.values
    event = recognise(record("virt/tdx: 12345", "tail"))
    assert event is None or "kb" not in event.values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (
            "virt/tdx: SEAMCALL 0x24 on CPU 5 of package 3 failed: TDX_SYS_NOT_READY",
            {"leaf": 36, "status": 0xC000050500000000, "cpu": 5, "package": 3},
        ),
        ("TDX: could not configure the module: package 12 is offline", {"package": 12, "outcome": "failure"}),
        ("virt/tdx: TDH.SYS.LP.INIT returned 0xc000090600000008 on CPU#40", {"leaf": 35, "status": 0xC000090600000008, "cpu": 40}),
        ("virt/tdx: vendor init gave up, error -28", {"errno": -28, "outcome": "failure"}),
        ("virt/tdx: vendor init gave up: -ENOSPC", {"errno": -28}),
        (
            "virt/tdx: module (v1.5.06) is up, initialized",
            {"major_version": 1, "minor_version": 5, "update_version": 6, "outcome": "success"},
        ),
        ("virt/tdx: private KeyIDs are [32, 64)", {"first": 32, "end": 64}),
        ("virt/tdx: key of package 2 answered 0x0000081500000000", {"package": 2}),
        ("virt/tdx: call failed with status 0x0000081500000000", {"status": 0x0000081500000000}),
    ],
)
def test_an_unknown_wording_keeps_what_it_certainly_says(text, values):
    event = recognise(record(text))
    assert event.certainty == "partial" and event.form is None
    assert {name: event.values.get(name) for name in values} == values


@pytest.mark.parametrize(
    "text", ["tdx: Invalid TDSYSINFO. Disable TDX.", "  virt/tdx:  module   initialized ", "CPU topo: Max. logical packages: 16"]
)
def test_narrowed_and_widened_blanks_do_not_matter(text):
    assert recognise(record(text)).certainty == "exact"


def test_a_list_of_cpus_is_read():
    event = recognise(record("TDX: cannot configure the module: package 12 has no CPU, CPUs 24-25, 30 are offline"))
    assert event.values["package"] == 12
    assert event.values["cpus"] == (24, 25, 30)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("virt/tdx: module initialized.", "virt-tdx.module-initialized"),
        ("virt/tdx: Module initialization failed (-5)", "virt-tdx.module-initialization-failed"),
        ("x86/virt/tdx: TDX-Module initialized", "virt-tdx.tdx-module-initialized"),
        ("tdx: Loading TDX module through P-SEAMLDR from intel-seam/libtdx.so", "seam.loading-tdx-p-seamldr"),
    ],
)
def test_the_nearest_form(text, nearest):
    assert recognise(record(text)).nearest.id == nearest


@pytest.mark.parametrize(
    ("text", "form", "values"),
    [
        ("virt/tdx: module not loaded   <<<<<< here", "virt-tdx.module-not-loaded", {}),
        ("virt/tdx: module not loaded \u2714", "virt-tdx.module-not-loaded", {}),
        ('"virt/tdx: module not loaded"', "virt-tdx.module-not-loaded", {}),
        ("tdx: not enabled by BIOS. |", "tdx.not-enabled-by-bios", {}),
        ("virt/tdx: initialization failed: TDMRs exhausted. (see below)", "virt-tdx.initialization-failed-tdmrs-exhausted", {}),
        ("virt/tdx: module initialization failed (-28)  <-- !!!", "virt-tdx.module-initialization-failed", {"errno": -28}),
        ("2. virt/tdx: module not loaded", "virt-tdx.module-not-loaded", {}),
        ("KERN_ERR virt/tdx: module not loaded", "virt-tdx.module-not-loaded", {}),
        ("rack7 kernel: virt/tdx: module not loaded", "virt-tdx.module-not-loaded", {}),
        ("[kernel] virt/tdx: module not loaded", "virt-tdx.module-not-loaded", {}),
        ("virt/tdx: modul not laoded", "virt-tdx.module-not-loaded", {}),
        ("kvm_intel: TDX requires TDP MMU.  Please enable TDP MMU for TDX.", "kvm.tdx-requires-tdp-mmu-please-enable", {}),
        ("virt/tdx: module initialised", "virt-tdx.module-initialized", {}),
        (
            "virt/tdx: SEAMCALL (0xO000000000000024) failed: 0xcO000505O0000000",
            "virt-tdx.seamcall-failed",
            {"leaf": 36, "status": 0xC000050500000000},
        ),
    ],
)
def test_a_note_or_a_slip_of_the_pen_hides_no_form(text, form, values):
    event = recognise(record(text))
    assert event.form is not None and event.form.id.startswith(form) and event.certainty == "partial"
    assert values.items() <= event.values.items()


@pytest.mark.parametrize(
    "text",
    [
        "virt/tdx: module uninitialized",
        "virt/tdx: module initialized failed",
        "virt/tdx: module loaded",
        "virt/tdx: TDX supported by the host platform",
        "tdx: enabled by BIOS.",
    ],
)
def test_another_word_is_no_slip(text):
    event = recognise(record(text))
    assert event is None or event.form is None


def test_a_line_that_is_wished_for_was_not_printed():
    for lead in ("Expected: ", "should be: ", "Example: ", "e.g.: "):
        assert recognise(record(f"{lead}virt/tdx: module initialized", stamped=False)) is None


def test_a_seamcall_without_a_prefix_has_the_step_of_its_leaf():
    assert step_of(recognise(record("SEAMCALL (0x0000000000000024) failed: 0xc000050500000000", stamped=False))) == "TDH.SYS.TDMR.INIT"


def test_touched_lines_take_linear_time():
    begun = time.process_time()
    for text in ("virt/tdx: " + "a " * 100_000, "virt/tdx: module not loaded" + " " * 100_000 + "x", '"' * 100_000 + "virt/tdx: x"):
        recognise(record(text))
    assert time.process_time() - begun < 1


def test_two_lines_that_ran_together_keep_the_status():
    event = recognise(
        record("virt/tdx: SEAMCALL (0x0000000000000024) failed: 0xc000050500000000virt/tdx: module initialization failed (-5)")
    )
    assert (event.values["leaf"], event.values["status"]) == (36, 0xC000050500000000)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("virt/tdx: vendor: could not initialize the TDX module, errno -5", None),
        ("virt/tdx: initialization failed: TDMRs exhausted", "construct-tdmrs"),
        ("virt/tdx: initialization failed: TDMR [0x0, 0x8000", "construct-tdmrs"),
        ("virt/tdx: Hibernation support is enabled, initialization failed!", "early-init"),
    ],
)
def test_the_nearest_forms_step_counts_where_the_line_says_no_more(text, step):
    assert step_of(recognise(record(text))) == step


def test_the_leaf_tells_the_step_whatever_the_nearest_form_is():
    event = recognise(record("virt/tdx: tdh_sys_lp_init failed on CPU 131: 0xc000090600000008"))
    assert (step_of(event), event.values["status"]) == ("TDH.SYS.LP.INIT", 0xC000090600000008)


def test_an_address_is_no_status():
    event = recognise(record("virt/tdx: mapped 0xffff888000100000 at 0xc000000000001000"))
    assert "status" not in event.values


def test_the_step_of_an_unknown_wording_is_that_of_its_leaf():
    event = recognise(record("virt/tdx: SEAMCALL 0x2d on CPU 5 failed: TDX_SYS_CONFIG_NOT_PENDING"))
    assert step_of(event) == "TDH.SYS.CONFIG"


@pytest.mark.parametrize(
    "text",
    [
        "usb usb1: Manufacturer: Linux 5.19.0-tdx.v1 xhci-hcd",
        "systemd[1]: Hostname set to <tdx-host>.",
        "BOOT_IMAGE=(hd0,gpt2)/vmlinuz-6.6.0-tdx.1.0.v1",
        "sudo dmesg | grep -i tdx",
        "$ rdmsr 0x87 # TDX KeyIDs",
        'audit: type=1400 profile="/usr/bin/tdx-qgs"',
        "EXT4-fs (sda2): mounted filesystem with ordered data mode",
        "usb 1-1: SerialNumber: SEAMLESS01",
        "nvme nvme0: KeyIDX 3",
        "foo: failed (-5)",
        "systemd[1]: Starting Intel TDX quote generation service...",
    ],
)
def test_ordinary_lines_are_none_of_ours(text):
    assert recognise(record(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "# You must see that TDX is enabled",
        "My TDX does not work, what now?",
        "TDX options: Enabled",
        "- MSR 0x1401 bit 11 (TDX enabled): 1",
    ],
)
def test_prose_without_a_stamp_is_none_of_ours(text):
    assert recognise(record(text, stamped=False)) is None


@pytest.mark.parametrize("form", [form for form in tables.forms() if form.kind in TDX_KINDS - {"guest"}], ids=lambda form: form.id)
def test_a_tdx_line_that_lost_its_end_is_never_dropped(form):
    text = form.example[: len(form.example) * 2 // 3]
    if len(text) > 14:
        assert recognise(record(text, "tail")) is not None, text


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["", "head", "tail", "both"]))
def test_any_text_is_survived(text, cut):
    recognise(record(text, cut))
    recognise(record("virt/tdx: " + text, cut))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(tables.forms()), st.data())
def test_any_mutation_is_survived_and_values_keep_their_types(form, data):
    text = form.example
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.text(max_size=3)) + text[at + data.draw(st.integers(0, 2)) :]
    event = recognise(record(text, data.draw(st.sampled_from(["", "tail", "head"]))))
    if event is not None:
        for name in ("leaf", "status", "errno", "cpu", "package"):
            assert isinstance(event.values.get(name, 0), int)


@pytest.mark.parametrize("piece", ["fail", "error ", "SEAMCALL[", "CPU ", "leaf ", "tdx: ", " ", "-", "(", "TDX_A", "0x", "module ", "["])
def test_hostile_lines_take_linear_time(piece):
    start = time.process_time()
    for cut in ("", "both"):
        recognise(record("virt/tdx: " + piece * (1_000_000 // len(piece)), cut))
        recognise(record(piece * (1_000_000 // len(piece)) + " TDX", cut))
    assert time.process_time() - start < 2
