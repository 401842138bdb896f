"""How fast the reference model runs backwards: whole boots with explanations through --jsonl, and the verdict path alone.

    python benchmarks/replay.py [BOOTS]

Boots are simulated on the covered kernels: different machines, faults, packages without a CPU, refusals before the first SEAMCALL.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from tdxwhy.replay.belief import DEAD
from tdxwhy.replay.data import generation
from tdxwhy.replay.run import LogLine, beliefs, read
from tdxwhy.replay.scenario import parse
from tdxwhy.replay.simulate import simulate

KERNELS = ("6.8", "7.1", "v8", "v8-as-posted")
FAULTS = (
    ("TDH.SYS.INIT", "0xc000090000000000"),
    ("TDH.SYS.INIT", "0xc000092100000122"),
    ("TDH.SYS.LP.INIT", "0xc00009200000003b"),
    ("TDH.SYS.RD", "0xc0000c0000000000"),
    ("TDH.SYS.CONFIG", "UD"),
    ("TDH.SYS.KEY.CONFIG", "0x8000080000000000"),
    ("TDH.SYS.TDMR.INIT", "VMFAILINVALID"),
)


def scenario(rnd: random.Random) -> dict:
    packages, each = rnd.choice((1, 2, 4, 8)), rnd.choice((1, 2, 4))
    cpus = packages * each
    offline = sorted(rnd.sample(range(1, cpus), rnd.randrange(min(3, cpus)))) if cpus > 1 else []
    faults = [dict(zip(("leaf", "status"), rnd.choice(FAULTS), strict=True))] if rnd.random() < 0.6 else []
    keyids = {"keyid": f"{rnd.choice((1, 31, 63))} {rnd.choice((1, 2, 33, 64))}"}
    where = {"packages": packages, "cpus_per_package": each, "offline_at_boot": offline}
    return {"generation": rnd.choice(KERNELS), "platform": where, "faults": faults, "settings": keyids}


def request(number: int, data: dict, stamp: float) -> dict:
    """Return the request of a scenario's log, which begins at so many seconds."""
    parsed = parse(data)
    log = "".join(f"<{one.level}>[{stamp + i / 1000:12.6f}] {one.text}\n" for i, one in enumerate(simulate(parsed).lines))
    cpus = [{"cpu": cpu, "socket": package, "online": cpu not in parsed.offline} for cpu, package in enumerate(parsed.packages)]
    return {"id": number, "log": log, "complete": True, "topology": {"cpus": cpus}}


def distinct(number: int, repeats: int = 1, seed: int = 1) -> Iterator[dict]:
    """Yield the requests of so many scenarios, no two of them the same, each so many times at other times."""
    rnd = random.Random(seed)
    found: dict[str, dict] = {}
    while len(found) < number:
        data = scenario(rnd)
        found.setdefault(json.dumps(data), data)
    for turn in range(repeats):
        for place, data in enumerate(found.values()):
            yield request(turn * number + place, data, 4 + rnd.random())


def whole_boots(requests: list[dict]) -> float:
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps(one) + "\n" for one in requests)
        file.flush()
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", "tdxwhy", "replay", "--jsonl", file.name], capture_output=True, check=True)
        seconds = time.perf_counter() - start
    assert done.stdout.count(b"\n") == len(requests)
    return seconds


def verdict_path(requests: list[dict]) -> tuple[int, float]:
    """Time the remembered transitions alone: symbols in, belief out."""
    traces = []
    for name in KERNELS:
        known = beliefs(name, False)
        for one in requests:
            lines = [LogLine(text.partition("] ")[2], None, 0) for text in one["log"].splitlines()]
            traces.append((known, [seen.symbol for seen in read(generation(name), lines, False).seen]))
    events, seconds = 0, 0.0
    for warm in (True, False):
        events, start = 0, time.perf_counter()
        for known, symbols in traces:
            belief, table = known.start, known.table
            for symbol in symbols:
                found = table[belief].get(symbol) or known.step(belief, symbol)
                belief = found[0]
                events += 1
                if belief == DEAD:
                    break
        seconds = time.perf_counter() - start
        if warm:
            continue
    return events, seconds


def main() -> None:
    boots = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    rnd = random.Random(1)
    requests = [request(number, scenario(rnd), 4 + rnd.random()) for number in range(boots)]
    lines = sum(one["log"].count("\n") for one in requests)
    print(f"{boots} boots, {lines} lines, {len({one['log'] for one in requests})} different")
    seconds = whole_boots(requests)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"whole boots with explanations, --jsonl: {seconds:.2f} s, {boots / seconds:.0f} boots/s, peak {peak:.0f} MiB")
    events, seconds = verdict_path(requests)
    print(f"verdict path: {events} events in {seconds:.3f} s, {events / seconds / 1e6:.2f} M events/s")
    for name in KERNELS:
        known = beliefs(name, False)
        cells = sum(map(len, known.table))
        print(f"  {name}: {len(known.table)} beliefs, {cells} remembered transitions, {len(known.graph.states)} states")


if __name__ == "__main__":
    main()
