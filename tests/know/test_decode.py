from __future__ import annotations

import json

import pytest

from tdxwhy.know import decode

EXAMPLES = [
    (0xC000092100000122, "TDX_INCORRECT_MSR_VALUE", "MSR 0x122 IA32_TSX_CTRL"),
    (0xC000092100000999, "TDX_INCORRECT_MSR_VALUE", "MSR 0x999"),
    (0xC000010000000045, "TDX_OPERAND_INVALID", "operand 69 CPUID_CONFIG: TD_PARAMS CPUID config; RCX holds the CPUID leaf"),
    (0xC000030000000001, "TDX_PAGE_METADATA_INCORRECT", "operand 1 RCX: first argument"),
    (0xC000090600000008, "TDX_INVALID_PKG_ID", "package 8"),
    (0xC000050500000000, "TDX_SYS_NOT_READY", ""),
    (0xC0000A1200020103, "TDX_PAMT_OVERLAP", "TDMR 3, level 2M, other TDMR 2"),
    (0x0000081500000000, "TDX_KEY_CONFIGURED", ""),
    (0x4000000200000000, "TDX_NON_RECOVERABLE_TD", ""),
    (0x6000000200000000, "TDX_NON_RECOVERABLE_TD", ""),
    (0x8000FF00FFFF0000, "TDX_SEAMCALL_VMFAILINVALID", "made by Linux"),
    (0x8000FF000000000D, "TDX_SEAMCALL_GP", "made by Linux"),
    (0x8000FF000000000E, "TDX_SW_ERROR", "exception vector 14"),
    (0x8000000000020000, "PSEAMLDR_EBADSIG", ""),
]


@pytest.mark.parametrize(("value", "name", "detail"), EXAMPLES)
def test_a_status_has_its_name_and_what_its_low_bits_hold(value, name, detail):
    status = decode.decode_status(value)
    assert (status.name, status.detail) == (name, detail)
    assert status.value == value
    assert status.error is bool(value >> 63)


def test_a_signed_status_is_the_same():
    assert decode.decode_status(0xC000050500000000 - (1 << 64)) == decode.decode_status(0xC000050500000000)


def test_an_unknown_status_says_what_its_bits_hold():
    status = decode.decode_status(0xC000AB1200000007)
    assert status.name == ""
    assert status.detail == "error non-recoverable, class 0xab, code 0x12, detail 0x7"
    assert not decode.known_status(0xC000AB1200000007)


def test_a_loader_answers_zero_in_its_own_name():
    assert decode.decode_status(0).name == "TDX_SUCCESS"
    assert decode.decode_status(0, loader=True).name == "PSEAMLDR_SUCCESS"


def test_what_may_be_tried_again():
    assert decode.decode_status(0x8000020200000000).recoverable  # TDX_SYS_BUSY
    assert decode.decode_status(0x8000080000000000).recoverable  # TDX_KEY_GENERATION_FAILED
    assert not decode.decode_status(0xC000050500000000).recoverable


@pytest.mark.parametrize("spelling", ["TDX_SYS_NOT_READY", "SYS_NOT_READY", "tdx_sys_not_ready"])
def test_a_status_by_name(spelling):
    assert decode.status_named(spelling) == 0xC000050500000000


def test_an_old_name_of_a_status():
    assert decode.status_named("SYSINIT_NOT_PENDING") == 0xC000050000000000


@pytest.mark.parametrize("spelling", ["TDH.SYS.LP.INIT", "TDH_SYS_LP_INIT", "tdh_sys_lp_init"])
def test_a_leaf_by_name_in_each_spelling(spelling):
    assert decode.leaf_named(spelling) == 35


def test_leaves():
    assert decode.decode_leaf(34).name == "TDH.SYS.RD"
    assert decode.decode_leaf(254).name == "TDDEBUGCONFIG"
    assert decode.decode_leaf(1 << 63 | 1).name == "SEAMLDR.INSTALL"
    assert decode.decode_leaf(1 << 16 | 35).name == "TDH.SYS.LP.INIT"  # the same leaf in version 1
    assert decode.decode_leaf(55) is None
    assert decode.leaf_step(36) == "TDH.SYS.TDMR.INIT"
    assert decode.leaf_step(0) is None
    assert decode.leaf_needs_ready(6) and not decode.leaf_needs_ready(33)


def test_package_of_a_status():
    assert decode.status_package(0xC000090600000008) == 8
    assert decode.status_package(0xC000050500000000) is None


def test_errnos():
    assert decode.errno_name(-5) == decode.errno_name(5) == "EIO"
    assert decode.errno_named("-ENOSPC") == 28
    assert decode.errno_name(-4000) is None
    assert "SEAMCALL" in decode.errno_meaning(-5)


def test_every_status_and_leaf_of_the_knowledge_files_is_there(shared):
    known = json.loads((shared / "knowledge/status.json").read_text())
    for row in known["codes"]:
        assert decode.decode_status(int(row["value"], 16)).name == row["name"]
    for row in known["linux_software_codes"]:
        assert decode.decode_status(int(row["value"], 16)).name == row["name"]
    for row in known["p_seamldr_codes"]:
        assert decode.decode_status(int(row["value"], 16), loader=True).name == row["name"]
    leaves = json.loads((shared / "knowledge/leaves.json").read_text())
    for row in leaves["tdh"] + leaves["p_seamldr"]:
        assert decode.decode_leaf(row["number"]) is not None


def test_the_knowledge_files_own_examples(shared):
    for row in json.loads((shared / "knowledge/status.json").read_text())["decode_examples"]:
        assert decode.decode_status(int(row["status"], 16)).name == row["name"]
