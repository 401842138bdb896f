"""Measure `tdxwhy review`: a thread of 50 mails, and one series out of a public-inbox epoch of 100,000 mails.

    python benchmarks/review.py [--mails 100000] [--keep DIR]

The epoch is made with git fast-import: every thousandth thread is the series that is looked for.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PATCH = """The module wants its root key programmed once per socket.

The callers must guarantee that a CPU of every socket is online.

Signed-off-by: Mara Lindqvist <mara@kernel.example>
---
 arch/x86/virt/rootkey.c | 9 +++++++++
 1 file changed, 9 insertions(+)

diff --git a/arch/x86/virt/rootkey.c b/arch/x86/virt/rootkey.c
--- a/arch/x86/virt/rootkey.c
+++ b/arch/x86/virt/rootkey.c
@@ -40,3 +40,12 @@ static int program_tdmrs(void)
+static int program_root_key(void)
+{
+	int ret = do_root_key();
+
+	if (ret)
+		pr_err("root key not programmed\\n");
+	return ret;
+}
"""
PEOPLE = ("Mara Lindqvist <mara@kernel.example>", "Tomas Reyes <treyes@maint.example>", "Ines Okafor <ines@review.example>")


def mail(name: str, parent: str, subject: str, body: str, number: int) -> bytes:
    """Return one mail."""
    day, minute = number // 1440 % 28 + 1, number % 60
    links = f"In-Reply-To: <{parent}>\nReferences: <{parent}>\n" if parent else ""
    head = f"From: {PEOPLE[number % 3]}\nSubject: {subject}\nMessage-ID: <{name}>\n{links}"
    return f"{head}Date: Mon, {day} May 2024 09:{minute:02d}:00 +0200\nContent-Type: text/plain; charset=utf-8\n\n{body}".encode()


def thread(start: int, size: int, title: str) -> Iterator[bytes]:
    """Yield a patch and a chain of replies that quote each other."""
    yield mail(f"m{start}@x", "", f"[PATCH v3 1/2] {title}", PATCH, start)
    quoted = PATCH.split("\n")[:6]
    for step in range(1, size):
        body = "\n".join(f"> {line}" for line in quoted)
        own = f"Why is step {step} needed here?  I will look at case {step} again.\n\nThe caller must hold the lock of step {step}."
        text = f"On Mon, 6 May 2024, {PEOPLE[(start + step - 1) % 3]} wrote:\n{body}\n\n{own}\n"
        yield mail(f"m{start + step}@x", f"m{start + step - 1}@x", f"Re: [PATCH v3 1/2] {title}", text, start + step)
        quoted = text.split("\n")[:60]


def make_epoch(path: Path, mails: int) -> None:
    """Build a bare v2 epoch: one commit a mail, the mail as the file `m`."""
    subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True)
    importer = subprocess.Popen(["git", "-C", str(path), "fast-import", "--quiet"], stdin=subprocess.PIPE)
    assert importer.stdin
    for start in range(0, mails, 10):
        title = "x86/virt: Program the root key" if start % 10000 == 5000 else f"subsystem {start % 97}: change number {start}"
        for raw in thread(start, 10, title):
            importer.stdin.write(b"commit refs/heads/master\ncommitter a <a@x> 1714980000 +0000\ndata 1\nx\n")
            importer.stdin.write(b"deleteall\nM 100644 inline m\ndata %d\n%s\n" % (len(raw), raw))
    importer.stdin.close()
    importer.wait()
    (path / "HEAD").write_text("ref: refs/heads/master\n")


def timed(*arguments: str) -> tuple[float, float]:
    """Return seconds and the largest MB of memory of a run and of the git processes that it starts."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "tdxwhy", "review", *arguments, "--format", "json"], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, status
    return time.perf_counter() - started, max(usage.ru_maxrss, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


def main() -> None:
    """Make the inputs and print a line for each measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="where to leave the epoch")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        box = Path(folder, "fifty.mbox")
        box.write_bytes(b"".join(b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + raw + b"\n" for raw in thread(0, 50, "words")))
        runs = sorted(timed(str(box)) for _ in range(5))
        print(f"thread of 50 mails: median {runs[2][0]:.2f} s, {runs[2][1]:.0f} MB")
        epoch = arguments.keep or Path(folder, "0.git")
        if not epoch.exists():
            make_epoch(epoch, arguments.mails)
        seconds, size = timed(str(epoch), "--about", "Program the root key")
        print(f"epoch of {arguments.mails} mails, one series: {seconds:.1f} s, {size:.0f} MB")


if __name__ == "__main__":
    main()
