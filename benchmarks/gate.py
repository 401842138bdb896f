"""How fast the gate is: one patch in a process of its own, and many patches, C files and logs in one.

Figures are medians; the start of a bare interpreter is measured in the same run, so that ratios carry over to other machines.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

HEAD = """\
From: Ann Author <ann@example.org>
Date: Mon, 2 Mar 2026 10:00:00 +0000
Message-ID: <{n}.bench@example.org>
Subject: [PATCH {n}/{all}] x86/virt/tdx: Change number {n}

Change one thing, so that the next patch can change another.

Signed-off-by: Ann Author <ann@example.org>
---
 arch/x86/virt/vmx/tdx/tdx.c | 24 ++++++++++++++++++++++++
 1 file changed, 24 insertions(+)

diff --git a/arch/x86/virt/vmx/tdx/tdx.c b/arch/x86/virt/vmx/tdx/tdx.c
--- a/arch/x86/virt/vmx/tdx/tdx.c
+++ b/arch/x86/virt/vmx/tdx/tdx.c
"""
_LINES = """\
 {
 >int ret;
 .
+>/* Set the key of package NUMBER. */
+>for_each_online_cpu(cpu) {
+>>ret = smp_call_on_cpu(cpu, set_key_NUMBER, NULL, true);
+>>if (ret)
+>>>return ret;
+>}
+
+>if (ret) {
+>>pr_err("step NUMBER: SEAMCALL failed: 0x%llx\\n", ret);
+>>return -EIO;
+>}
+>pr_info("step NUMBER is done\\n");
 >return 0;
 }
"""
BODY = _LINES.replace(">", "\t").replace(" .\n", " \n")


def patch(number: int, total: int) -> str:
    """Return a patch of two hunks in a mail."""
    hunks = [f"@@ -{100 * part},5 +{100 * part},17 @@ static int step_{number}_{part}(void)\n{BODY}" for part in (1, 2)]
    hunks = [hunk.replace("NUMBER", str(number)) for hunk in hunks]
    return HEAD.format(n=number, all=total) + "".join(hunks) + "-- \n2.43.0\n\n"


class Taken(NamedTuple):
    """What a command took: by the clock, and of the processor (which a busy machine does not change)."""

    wall: float
    processor: float


def median_run(command: list[str], times: int) -> Taken:
    """Return the medians over several runs of a command, in seconds."""
    taken = []
    for _ in range(times):
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        taken.append(Taken(time.perf_counter() - start, used))
    return Taken(*(statistics.median(column) for column in zip(*taken, strict=True)))


def main() -> None:
    """Print the figures, one a line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--patches", type=int, default=1000)
    options.add_argument("--times", type=int, default=7)
    args = options.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    tool = [sys.executable, "-m", "tdxwhy", "gate", "--isolated"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one, many, box = folder / "one.patch", folder / "many", folder / "series.mbox"
        many.mkdir()
        one.write_text(patch(1, 1))
        for number in range(args.patches):
            (many / f"{number:05}.patch").write_text(patch(number, args.patches))
        mails = (f"From ann@example.org Mon Mar  2 10:00:00 2026\n{patch(number, args.patches)}" for number in range(args.patches))
        box.write_text("".join(mails))
        bare = median_run([sys.executable, "-c", "pass"], args.times)
        single = median_run([*tool, str(one)], args.times)
        print(f"{'':22} {'clock':>9} {'processor':>10}")
        print(f"{'bare interpreter':22} {bare.wall:7.3f} s {bare.processor:8.3f} s")
        ratio = single.processor / bare.processor
        print(f"{'one patch':22} {single.wall:7.3f} s {single.processor:8.3f} s   {ratio:5.1f} x the interpreter")
        for label, path in (("folder of patches", many), ("mbox of patches", box)):
            whole = median_run([*tool, str(path)], 3)
            rate = args.patches / whole.processor
            print(f"{label:22} {whole.wall:7.3f} s {whole.processor:8.3f} s   {rate:5.0f} patches a second of one core")


if __name__ == "__main__":
    main()
