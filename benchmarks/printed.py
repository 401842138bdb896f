"""Turn runs of a kernel's own code into rows of samples/printed: what was asked, what was printed by the catalogue, what was returned.

    python benchmarks/printed.py GENERATION RUNS.jsonl.gz [--every N] [--unmeasured WORD]

A run has `scenario`, `lines` and `returns`. A row keeps what differs from a scenario's defaults, each line as the id of its form with
its values, and returns; what the operation WORD returned nobody measured, and is null. Every Nth run of a category is taken.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from tdxwhy.know.match import match
from tdxwhy.replay.data import generation
from tdxwhy.replay.generation import Generation
from tdxwhy.replay.scenario import parse

_PLATFORM = {"cpus_per_package": 2, "offline_at_boot": []}
_MODULE = {"state": "loaded", "all_cpus_before_config": True, "late_lp_init": False, "max_packages": 8, "has_disable": False}


def _slim(scenario: dict[str, Any], kernel: Generation) -> dict[str, Any]:
    """Return the scenario without what is so by default, and the same to the parser."""
    slim = {key: value for key, value in scenario.items() if value not in ([], {})} | {"generation": kernel.name}
    module = {key: value for key, value in scenario.get("module", {}).items() if key != "profile" and _MODULE.get(key) != value}
    slim["module"] = module
    platform = {key: value for key, value in scenario["platform"].items() if _PLATFORM.get(key) != value}
    for dropped in ("cmr", "memory", "cpu_to_package"):
        shorter = {key: value for key, value in platform.items() if key != dropped}
        if parse({**scenario, "platform": shorter, "generation": kernel.name}) == parse({**scenario, "generation": kernel.name}):
            platform = shorter
    slim["platform"] = platform
    return {key: value for key, value in slim.items() if value != {}}


def _printed(text: str, kernel: Generation) -> list[Any]:
    found = match(text)
    forms = {form.format: form for form in kernel.forms.values()}
    if found is None or found[0].forms[0].format not in forms:
        raise SystemExit(f"printed: {kernel.name} has no form for {text!r}")
    matcher, values = found
    return [forms[matcher.forms[0].format].id, *(values[name] for name, _ in matcher.fields)]


def _rows(kernel: Generation, path: str, every: int, unmeasured: str) -> Iterator[dict[str, Any]]:
    seen: Counter[str] = Counter()
    with gzip.open(path, "rt") as file:
        for run in map(json.loads, file):
            if run["scenario"]["generation"] not in (kernel.name, *kernel.aliases, *kernel.extends):
                continue
            category = str(run.get("category", run.get("event")))
            seen[category] += 1
            if seen[category] % every != 1 % every:
                continue
            lines = [line["text"] for line in run["lines"] if not line.get("approximate")]
            measured = zip(run["scenario"]["operations"], run["returns"], strict=True)
            returns = [None if word == unmeasured else errno for word, errno in measured]
            yield {"scenario": _slim(run["scenario"], kernel), "printed": [_printed(line, kernel) for line in lines], "returns": returns}


def main() -> None:
    """Print the rows as JSON lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("generation")
    parser.add_argument("runs")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--unmeasured", default="")
    args = parser.parse_args()
    for row in _rows(generation(args.generation), args.runs, args.every, args.unmeasured):
        sys.stdout.write(json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
