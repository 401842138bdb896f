"""Our own sentence is read back as it was said, whoever prints it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tdxwhy.check.catalogue import rules_of
from tdxwhy.check.subjects.log import check_log
from tests.explain.logs import BIOS, boot, diagnosed

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "logs"


def printed(sentence: str, prefix: str = "virt/tdx: ") -> str:
    return boot([(1.5, BIOS), (9.5, prefix + sentence), (9.6, "virt/tdx: module initialization failed (-5)")])


def sentences() -> list[str]:
    found = {diagnosed(path.read_bytes()).sentence for path in SAMPLES.glob("*/dmesg.log")}
    return sorted(one for one in found if one)


@pytest.mark.parametrize("sentence", sentences())
def test_a_sentence_that_we_propose_is_read_back(sentence: str) -> None:
    found = diagnosed(printed(sentence))
    assert found.outcome == "failed"
    assert found.causes[0].id != "unknown"
    if found.steps:
        assert found.sentence is not None
        # What the kernel said beyond it stands there in its own words.
        assert found.sentence.startswith(sentence.split(": ", maxsplit=1)[0].split(" (-", maxsplit=1)[0])


@pytest.mark.parametrize(
    ("sentence", "packages", "cpus"),
    [
        ("failed to configure module, no online CPUs in packages 12 and 13: CPUs 24-27 offline", (12, 13), (24, 25, 26, 27)),
        ("failed to configure module, no online CPUs in packages 1-3: CPUs 4-7, 8, 12 offline", (1, 2, 3), (4, 5, 6, 7, 8, 12)),
        ("failed to configure module, no online CPUs in package 12: CPUs 24-25 never came online", (12,), (24, 25)),
        ("failed to initialise TDMRs, no online CPUs in packages 2, 5 and 7: CPU 9 offline", (2, 5, 7), (9,)),
        ("failed to configure module, not every CPU ran TDH.SYS.LP.INIT: CPU 5 offline", (), (5,)),
    ],
)
@pytest.mark.parametrize("call", ["", " (TDH.SYS.CONFIG: TDX_SYS_CONFIG_NOT_PENDING 0xc000050c00000000)"])
@pytest.mark.parametrize("prefix", ["virt/tdx: ", "tdx: ", "x86/tdx: "])
def test_packages_and_cpus_are_read(sentence: str, packages: tuple[int, ...], cpus: tuple[int, ...], call: str, prefix: str) -> None:
    found = diagnosed(printed(sentence + call, prefix))
    assert (found.packages, found.cpus) == (packages, cpus)
    states = {cpu.presence for cpu in found.topology.cpus if cpu.number in cpus}
    assert states == {"never-seen" if "never came" in sentence else "offline"}
    if call:
        assert found.seamcall is not None and (found.seamcall.leaf, found.seamcall.status) == (45, 0xC000050C00000000)
    if packages:
        missing = [one.message for one in check_log(found, rules_of(only=("log",))) if "which package" in one.message]
        assert missing == []


def test_a_sentence_never_says_less_than_the_kernel_did() -> None:
    said = "virt/tdx: initialization failed: TDMR [0x2c0000000, 0x300000000): reserved areas exhausted."
    found = diagnosed(boot([(1.5, BIOS), (9.5, said), (9.6, "virt/tdx: module initialization failed (-28)")]))
    assert found.sentence is not None
    assert "[0x2c0000000, 0x300000000)" in found.sentence
