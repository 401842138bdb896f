"""The outputs that read a host, compare, or draw a kernel's model are neutral too."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tdxwhy.cli import main
from tests.cli.test_neutral import EVIL, OF, hostile, neutral, of_workflow  # noqa: F401 - the folder of hostile inputs
from tests.conftest import ROOT

NAME = EVIL.replace("\0", "").replace("/", "_")


@pytest.fixture(scope="module")
def host(hostile: Path) -> Path:  # noqa: F811 - pytest hands it in
    """Make a copy of a host's files, each with hostile words in it."""
    root = hostile / "root"
    rows = {
        "proc/cpuinfo": f"processor\t: 0\nvendor_id\t: GenuineIntel {NAME}\nmodel name\t: Xeon(R) {NAME}\nflags\t\t: vmx {NAME}\n\n",
        "proc/cmdline": f"BOOT_IMAGE=/vmlinuz-{NAME} kvm_intel.tdx=1 {NAME}\n",
        "proc/version": f"Linux version 6.16.0-{NAME} (a@b) #1 SMP\n",
        "etc/os-release": f'NAME={NAME}\nPRETTY_NAME="{NAME}"\n',
        "sys/module/kvm_intel/parameters/tdx": f"N {NAME}\n",
        "sys/class/dmi/id/sys_vendor": f"{NAME}\n",
        "sys/class/dmi/id/product_name": f"{NAME}\n",
        "sys/class/dmi/id/bios_version": f"{NAME}\n",
        "sys/devices/system/cpu/offline": f"{NAME}\n",
        "var/log/dmesg": f"[    1.0] virt/tdx: BIOS enabled: private KeyID range [32, 64)\n[    2.0] virt/tdx: {NAME}\n",
        "uname": f"Linux {NAME} 6.16.0-{NAME} #1 SMP\n",
        "qemu-version": f"QEMU emulator version 8.{NAME}\n",
    }
    for name, text in rows.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    kernel = hostile / "kernel"
    shutil.copytree(ROOT / "samples" / "patches" / "tree", kernel)
    for path in sorted(kernel.rglob("*.c")):
        path.write_text(path.read_text().replace('pr_err("', f'pr_err("{EVIL.replace(chr(0), "")} '))
    return hostile


COMMANDS = [
    (["ready", "--root", "root"], ("text", "json", "markdown")),
    (["ready", "--root", NAME], ("text",)),
    (["model", "diff", "kernel", "6.16"], ("text", "json", "markdown", "html")),
    (["model", "diff", "6.16", "kernel"], ("text", "json", "markdown", "html")),
    (["model", "extract", "kernel"], ("text",)),
    (["model", "kernel"], ("text", "svg", "dot", "mermaid", "json", "markdown", "html")),
    (["model", NAME], ("text",)),
    (["log", "--compare", "journal.json", "journal.json"], ("text", "json", "html", "markdown")),
    (["fleet", "schema"], ("text", "json")),
    (["fleet", "prune", "--before", NAME, "--store", "store"], ("text", "json")),
    (["fleet", "compact", "--store", NAME], ("text",)),
    (["fleet", "report", "--store", "store", "--by", NAME], ("text",)),
    (["simulate", "journal.json"], ("text", "json")),
    (["collect", "--root", NAME], ("text",)),
    (["rule", NAME], ("text",)),
    (["explain", "--list", NAME], ("text",)),
]


@pytest.mark.parametrize(
    ("command", "form"),
    [(command, form) for command, forms in COMMANDS for form in forms],
    ids=lambda one: " ".join(one[:2])[:30] if isinstance(one, list) else one,
)
def test_every_other_output(command: list[str], form: str, host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main([*command, *(["--format", form] if form != "text" else [])])
    said = capsys.readouterr()
    assert status in (0, 1, 2, 3)
    assert "cannot go on" not in said.err
    assert said.out or said.err
    neutral(said.out + said.err)
    of_workflow(said.err)
    if said.out and form != "text":
        OF.get(form, neutral)(said.out)
    if form == "json" and said.out:
        json.loads(said.out)
