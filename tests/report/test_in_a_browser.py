"""Our pages in a real browser, where one is installed: no complaint on its console, nothing wider than the window."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tdxwhy.cli import main

ROOT = Path(__file__).resolve().parents[2]
# The golden tests keep these as the commands write them.
PAGES = [
    ROOT / "reports/examples/log.html",
    ROOT / "reports/examples/review.html",
    ROOT / "tests/fleet/expected/report.html",
    ROOT / "samples/patches/expected/repair.html",
    ROOT / "samples/patches/expected/series.html",
]
WIDTHS = (1280, 420)
# Pages that no golden test keeps.
MADE = {
    "many.html": ["log", "--format", "html", *(str(log) for log in sorted((ROOT / "samples/logs").glob("*/dmesg.log")))],
    "incident.html": ["log", "--format", "html", str(ROOT / "samples/logs/td-keyids-used-up/paste.txt")],
    "thread.html": ["review", "--format", "html", str(ROOT / "samples/threads/who-guarantees/thread.mbox")],
    "diff.html": ["model", "diff", "6.16", "7.1", "--format", "html"],
}
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
# Each page in a frame of each width. The scripts that measure stand outside the frames, for our pages allow none.
MEASURE = """
onload = () => {
  const wide = [...document.querySelectorAll("iframe")].map(frame => {
    const page = frame.contentDocument.documentElement;
    return [frame.title, page.clientWidth, page.scrollWidth, page.innerText.length];
  });
  document.getElementById("found").textContent = JSON.stringify(wide);
};
"""


def _frame(page: Path, width: int) -> str:
    inside = html.escape(page.read_text(encoding="utf-8"))
    return f'<iframe title="{page.name} {width}" width="{width}" height="800" srcdoc="{inside}"></iframe>'


# axe-core, as `make axe` installs it.
AXE = Path(os.environ.get("AXE_CORE", ROOT / "build" / "axe" / "node_modules" / "axe-core" / "axe.min.js"))
# Our pages allow no script, so the frames get copies without that rule, and axe-core runs inside of them.
AUDIT = """
onload = async () => {
  const found = [];
  for (const frame of document.querySelectorAll("iframe")) {
    const script = frame.contentDocument.createElement("script");
    script.text = document.getElementById("axe").textContent;
    frame.contentDocument.head.append(script);
    const result = await frame.contentWindow.axe.run(frame.contentDocument);
    for (const one of result.violations)
      found.push([frame.title, one.id, one.nodes.length, one.nodes[0].html.slice(0, 200), one.nodes[0].failureSummary.slice(0, 300)]);
    found.push([frame.title, "passes", result.passes.length]);
  }
  document.getElementById("found").textContent = JSON.stringify(found);
};
"""


def browsed(folder: Path, body: str, *options: str) -> tuple[object, str]:
    """Show a page, and return what its scripts left in #found, and what the console said."""
    whole = folder / "pages.html"
    whole.write_text(f"<!DOCTYPE html><meta charset=utf-8>{body}<pre id=found></pre>", encoding="utf-8")
    made = subprocess.run(
        [
            str(BROWSER),
            *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
            "--disable-component-update",
            *("--disable-sync", "--disable-dev-shm-usage", f"--user-data-dir={folder / 'profile'}"),
            *("--enable-logging=stderr", "--window-size=1400,900", *options, "--dump-dom", whole.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    found = re.search(r'<pre id="found">(.+?)</pre>', made.stdout, re.DOTALL)
    assert found, made.stderr[-2000:]
    return json.loads(html.unescape(found[1])), made.stderr


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("pages")
    for name, command in MADE.items():
        main([*command, "-o", str(folder / name)])
    return [*PAGES, *(folder / name for name in MADE)]


@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
def test_pages_fit_and_raise_no_error(tmp_path: Path, pages: list[Path]) -> None:
    frames = "".join(_frame(page, width) for page in pages for width in WIDTHS)
    measured, said = browsed(tmp_path, f"<script>{MEASURE}</script>{frames}")
    assert len(measured) == len(pages) * len(WIDTHS)
    assert [line for line in said.splitlines() if "CONSOLE" in line] == []
    assert [one for one in measured if one[2] > one[1] or not one[3]] == []


@pytest.mark.skipif(BROWSER is None or not AXE.is_file(), reason="no Chromium, or no axe-core (make axe)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_of(tmp_path: Path, pages: list[Path], scheme: str) -> None:
    frames = "".join(_frame(page, width).replace("Content-Security-Policy", "X-Left-Out") for page in pages for width in WIDTHS)
    source = AXE.read_text(encoding="utf-8").replace("</script", "<\\/script")
    axe = f'<script type="text/plain" id="axe">{source}</script>'
    settings = f"--blink-settings=preferredColorScheme={1 if scheme == 'light' else 0}"
    found, _ = browsed(tmp_path, f"{axe}<script>{AUDIT}</script>{frames}", settings, "--virtual-time-budget=200000")
    assert sum(one[1] == "passes" and one[2] > 10 for one in found) == len(pages) * len(WIDTHS)
    assert [one for one in found if one[1] != "passes"] == []
