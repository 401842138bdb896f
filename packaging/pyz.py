"""Makes `tdxwhy.pyz` of a wheel: one file that runs where there is Python 3.11 and nothing else. Usage: pyz.py WHEEL PYZ.

The same wheel makes the same bytes. Modules are stored as they are, data are deflated.
"""

from __future__ import annotations

import stat
import sys
import zipfile
from pathlib import Path

# Older interpreters must be able to read it, up to the line that says what they lack.
MAIN = """\
import sys

if sys.version_info < (3, 11):
    sys.stderr.write(
        "tdxwhy: this needs Python 3.11 or later, and here is %d.%d\\n"
        "tdxwhy: hint: RHEL 9: dnf install python3.11; Ubuntu 22.04: apt install python3.11; then python3.11 tdxwhy.pyz\\n"
        % sys.version_info[:2]
    )
    sys.exit(2)

from tdxwhy.cli import main

sys.exit(main())
"""


def made(wheel: Path, target: Path) -> None:
    """Write the file, executable, with an interpreter line."""
    with target.open("wb") as file:
        file.write(b"#!/usr/bin/env python3\n")
        with zipfile.ZipFile(file, "w") as pyz, zipfile.ZipFile(wheel) as source:
            members = {name: source.read(name) for name in source.namelist() if name.startswith("tdxwhy/")}
            for name, content in sorted({**members, "__main__.py": MAIN.encode()}.items()):
                info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                info.external_attr = (stat.S_IFREG | 0o644) << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                pyz.writestr(info, content)
    target.chmod(0o755)


if __name__ == "__main__":
    made(Path(sys.argv[1]), Path(sys.argv[2]))
