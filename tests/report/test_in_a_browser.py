"""Our pages in a real browser, where one is installed: no complaint on its console, nothing wider than the window."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The golden tests keep these as the commands write them.
PAGES = [
    ROOT / "reports/examples/log.html",
    ROOT / "reports/examples/review.html",
    ROOT / "tests/fleet/golden/report.html",
    ROOT / "samples/patches/golden/repair.html",
    ROOT / "samples/patches/golden/series.html",
]
WIDTHS = (1280, 420)
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


@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
def test_pages_fit_and_raise_no_error(tmp_path: Path) -> None:
    frames = "".join(_frame(page, width) for page in PAGES for width in WIDTHS)
    whole = tmp_path / "pages.html"
    whole.write_text(f"<!DOCTYPE html><meta charset=utf-8><script>{MEASURE}</script>{frames}<pre id=found></pre>", encoding="utf-8")
    made = subprocess.run(
        [
            str(BROWSER),
            *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
            "--disable-component-update",
            *("--disable-sync", "--disable-dev-shm-usage", f"--user-data-dir={tmp_path / 'profile'}"),
            *("--enable-logging=stderr", "--window-size=1400,900", "--dump-dom", whole.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = re.search(r'<pre id="found">(.*?)</pre>', made.stdout, re.S)
    assert found, made.stderr[-2000:]
    measured = json.loads(html.unescape(found[1]))
    assert len(measured) == len(PAGES) * len(WIDTHS)
    assert [line for line in made.stderr.splitlines() if "CONSOLE" in line] == []
    assert [one for one in measured if one[2] > one[1] or not one[3]] == []
