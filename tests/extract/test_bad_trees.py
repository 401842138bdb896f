"""Trees that cannot be read to the end, and code that nobody wrote for us, end in a line each."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import pytest
from tests.extract.test_draft import HEAD

from tdxwhy.errors import TdxwhyError
from tdxwhy.extract.draft import as_toml, draft
from tdxwhy.replay.data import single
from tdxwhy.source.kernel_tree import read_kernel

WHERE = "arch/x86/virt/vmx/tdx/tdx.c"
BODY = """
#define TDH_SYS_CONFIG 45
static int enable(void)
{
	int ret = ask(33);

	if (ret)
		return ret;
%s	return ask(TDH_SYS_CONFIG);
}
subsys_initcall(enable);
"""


def _tree(at: Path, text: str, name: str = WHERE) -> str:
    path = at / "tree" / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return str(at / "tree")


def test_a_merge_that_is_not_finished(tmp_path: Path) -> None:
    text = BODY % "<<<<<<< HEAD\n\tret = ask(35);\n=======\n\tret = ask(34);\n>>>>>>> other\n"
    line = (HEAD + text).split("<<<<<<<")[0].count("\n") + 1
    with pytest.raises(TdxwhyError, match=f"^{WHERE}:{line}: a merge that is not finished"):
        read_kernel(_tree(tmp_path, HEAD + text))


@pytest.mark.parametrize("name", ["arch/x86/kernel/cpu/common.c", "arch/arm64/kvm/arm.c"])
def test_a_tree_without_tdx(tmp_path: Path, name: str) -> None:
    with pytest.raises(TdxwhyError, match="nothing about TDX in this tree"):
        read_kernel(_tree(tmp_path, "int x(void)\n{\n\treturn 0;\n}\n", name))


def test_a_tree_without_its_beginning(tmp_path: Path) -> None:
    with pytest.raises(TdxwhyError, match="no function here brings the TDX module up"):
        draft(read_kernel(_tree(tmp_path, HEAD)), "half")


def test_functions_that_call_each_other(tmp_path: Path) -> None:
    text = "static int b(int n);\nstatic int a(int n)\n{\n\treturn n ? b(n) : 0;\n}\nstatic int b(int n)\n{\n\treturn a(n - 1);\n}\n"
    made = draft(read_kernel(_tree(tmp_path, HEAD + text + BODY % "\tret = a(3);\n\tif (ret)\n\t\treturn ret;\n")), "loop")
    written = as_toml(made)
    assert single("loop.toml", tomllib.loads(written)).name == "loop"
    assert "calls itself" in written


@pytest.mark.parametrize(
    "macro",
    [
        "#define LEAVE(x) do { LEAVE(x); return 1; } while (0)\n",
        "#define OTHER(x) do { LEAVE(x); return 2; } while (0)\n#define LEAVE(x) do { OTHER(x); return 1; } while (0)\n",
        '#define LEAVE(x) ({ LEAVE(x); pr_err("x" #x); })\n',
        "#define LEAVE(x) (LEAVE(x) + LEAVE(x))\n",
        "#define LEAVE(x) x ## x(\n",
        "#define LEAVE(...) LEAVE(__VA_ARGS__, __VA_ARGS__)\n",
    ],
)
def test_macros_that_cannot_be_written_out(tmp_path: Path, macro: str) -> None:
    text = HEAD + macro + BODY % "\tif (ret == 7) {\n\t\tLEAVE(ret);\n\t}\n"
    made = draft(read_kernel(_tree(tmp_path, text)), "macros")
    assert single("macros.toml", tomllib.loads(as_toml(made))).name == "macros"


def test_a_table_without_an_end(tmp_path: Path) -> None:
    table = "struct row { int a; int (*f)(void); };\nstatic const struct row rows[] = { { 1, enable }, { 2, "
    made = draft(read_kernel(_tree(tmp_path, HEAD + BODY % "" + table)), "cut")
    assert "TDH.SYS.CONFIG" in as_toml(made)


def test_a_file_of_a_hundred_thousand_lines(tmp_path: Path) -> None:
    filler = "".join(f"static int filler_{n}(int x)\n{{\n\treturn x + {n};\n}}\n" for n in range(25_000))
    began = time.process_time()
    made = draft(read_kernel(_tree(tmp_path, HEAD + filler + BODY % "")), "long")
    assert "TDH.SYS.CONFIG" in as_toml(made)
    assert time.process_time() - began < 6


def test_a_leaf_that_is_called_with_a_version(tmp_path: Path) -> None:
    text = HEAD + (BODY % "").replace("ask(TDH_SYS_CONFIG)", "ask(TDH_SYS_CONFIG | (1ULL << 16))")
    assert '"TDH.SYS.CONFIG"' in as_toml(draft(read_kernel(_tree(tmp_path, text)), "versions"))
