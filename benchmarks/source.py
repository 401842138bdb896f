"""Measure `source`: prints and failing paths of 1,000 patches, and, given a kernel tree, its preview, its parse and its print calls.

    python benchmarks/source.py [--tree DIR] [--patches 1000]

Patches are made from the samples, with names and numbers changed, so that nothing is remembered from one to the next.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from tdxwhy.explain.preview import preview
from tdxwhy.source.ctree import parse_unit
from tdxwhy.source.failing import failing_paths
from tdxwhy.source.prints import patch_sites, print_sites
from tdxwhy.source.tree import program_of_tree, read_tree
from tdxwhy.source.tree_sites import tree_sites

ROOT = Path(__file__).resolve().parents[1]


def patches(count: int) -> list[str]:
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "samples" / "patches").glob("*.patch"))]
    return [texts[number % len(texts)].replace("demo_", f"demo{number}_") for number in range(count)]


def rate(label: str, texts: list[str], work) -> None:
    begin = time.process_time()
    found = sum(len(work(text, "patch")) for text in texts)
    seconds = time.process_time() - begin
    print(f"{label:34} {len(texts) / seconds:8.0f} patches/s   {found} found, {sum(map(len, texts)) // len(texts)} bytes each")


def whole_tree(folder: str) -> None:
    files = [path for part in ("virt", "kvm/vmx") for path in sorted((Path(folder) / "arch/x86" / part).rglob("*.[ch]"))]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in files]
    begin = time.perf_counter()
    functions = sum(len(parse_unit(text).functions) for text in texts)
    print(f"parse of arch/x86/virt and kvm/vmx    {time.perf_counter() - begin:6.2f} s   {len(files)} files, {functions} functions")
    both = [(tree_sites(text, "x.c"), patch_sites(text, "x.c")) for text in texts]
    differing = sum(set(tree) != set(grammar) for tree, grammar in both)
    print(f"print calls, tree-sitter and grammar  {sum(len(tree) for tree, _ in both)} found, {differing} files differ")
    begin = time.perf_counter()
    shown = preview("tree", program_of_tree(read_tree(folder), folder))
    print(f"preview                               {time.perf_counter() - begin:6.2f} s   {len(shown.pairs)} failing cases")


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--tree")
    given.add_argument("--patches", type=int, default=1000)
    args = given.parse_args()
    texts = patches(args.patches)
    rate("print calls of patches", texts, print_sites)
    rate("failing paths of patches", texts, failing_paths)
    if args.tree:
        whole_tree(args.tree)


if __name__ == "__main__":
    main()
