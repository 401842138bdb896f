"""The same message in the forms in which people paste it: wrapped, quoted, relayed, with its errno in any writing."""

from __future__ import annotations

import textwrap

import pytest

from tdxwhy.api import diagnose
from tdxwhy.incident.nouns import Incident
from tdxwhy.read.prompt import command_of


def incident(text: str) -> Incident:
    return diagnose(text.encode()).incidents[0]


KEYIDS = "qemu-system-x86_64: TDX ioctl KVM_TDX_INIT_VM failed, hw_errors: 0x0: No space left on device"
NO_KEY = "kvm_intel: SEAMCALL TDH_MNG_KEY_CONFIG failed: 0x8000080000000000"


@pytest.mark.parametrize("width", [40, 56, 64, 76])
@pytest.mark.parametrize("lead", ["", "> ", "> > "])
@pytest.mark.parametrize(("line", "cause"), [(KEYIDS, "keyids-exhausted"), (NO_KEY, "key-generation-failed")])
def test_a_wrapped_message_is_put_together(line: str, cause: str, lead: str, width: int) -> None:
    pieces = textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)
    found = incident("".join(f"{lead}{piece}\n" for piece in ["It says", *pieces, "what now?"]))
    assert found.causes == (cause,)
    assert found.evidence[0].place.line == 2


def test_the_line_behind_a_message_is_no_part_of_it() -> None:
    found = incident("./run-the-td-of-the-tests.sh --memory 8\n" + KEYIDS + "\n[h] ~ % sudo dmesg --level=warn,err | tail -2\n")
    assert (found.errno, found.evidence[0].quote) == (-28, KEYIDS)


@pytest.mark.parametrize(
    "said",
    [
        "failed: No space left on device",
        "failed: -28",
        "returned -28 (No space left on device)",
        "failed, ret=-28",
        "failed: errno 28",
        "failed: ENOSPC",
        ": No space left on device (os error 28)",
    ],
)
def test_any_writing_of_an_errno_is_read(said: str) -> None:
    found = incident(f"vmm: KVM_TDX_INIT_VM {said}\n")
    assert (found.errno, found.causes) == (-28, ("keyids-exhausted",))


def test_marks_that_were_escaped_or_curled_are_read() -> None:
    plain = 'QEMU: TDX guest reports fatal error. error code: 0x1 error message:"TD misconfiguration: SEPT #VE has to be disabled"'
    for text in (plain, plain.replace('"', '\\"'), plain.replace('"', "“")):
        assert incident(text + "\n").causes == ("td-guest-fatal",)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("harrier # lscpu -p=CPU,SOCKET", "lscpu -p=CPU,SOCKET"),
        ("[harrier] ~ % sudo ./run-td", "sudo ./run-td"),
        ("root@td:~# cat outblob", "cat outblob"),
        ("(venv) h> cat /proc/cmdline", "cat /proc/cmdline"),
        ("> cat is no animal of ours", ""),
        ("the # of cats is 3", ""),
        ("## dmesg", "dmesg"),
        ("## dmesg is empty here", ""),
    ],
)
def test_prompts(line: str, command: str) -> None:
    assert command_of(line) == command


def test_what_a_handbook_says_may_happen_did_not() -> None:
    text = 'If the kernel log has "kvm_intel: tdh_mng_vpflushdone() failed. HKID 70 is leaked." reboot in the next window.\n'
    assert not diagnose(text.encode()).incidents
