from __future__ import annotations

from pathlib import Path

import pytest

from tdxwhy import toml
from tdxwhy.errors import RulesError


@pytest.mark.parametrize("content", [b"a = ", b"\xff\xfe", b"a = " + b"[" * 5000])
def test_a_broken_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(RulesError, match=r"broken\.toml") as error:
        toml.read(path)
    assert "\n" not in error.value.message
