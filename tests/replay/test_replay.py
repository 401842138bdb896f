"""The reference model backwards: every simulated log conforms, and nothing conforms that no machine can print."""

import gzip
import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tdxwhy.cli import main
from tdxwhy.memo import Memo
from tdxwhy.replay import run as running
from tdxwhy.replay.answers import answer, parse_log, parse_topology
from tdxwhy.replay.concern import concerned
from tdxwhy.replay.data import can_answer, generations, leaf_numbers
from tdxwhy.replay.engine import LogLine, replay_log
from tdxwhy.replay.generation import without
from tdxwhy.replay.scenario import parse
from tdxwhy.replay.simulate import simulate

from .small import STATUSES, canonical, logs

COVERED = ["6.8", "7.1", "v8", "v8-as-posted"]
ALL = [*COVERED, "6.16", "6.8-oot"]


def lines_of(log):
    return [LogLine(text, level, number) for number, (level, text) in enumerate(log, 1)]


# ---- nothing conforms that cannot be


def mutants(log, others, rnd):
    for i in range(len(log)):
        yield log[:i] + log[i + 1 :]
        yield log[: i + 1] + log[i:]
        if i:
            yield (*log[: i - 1], log[i], log[i - 1], *log[i + 1 :])
        yield (*log[:i], rnd.choice(rnd.choice(others)), *log[i + 1 :])


@pytest.mark.parametrize("name", COVERED)
def test_enumeration_judges_every_dropped_doubled_swapped_or_altered_line(name):
    printable = logs(name)
    reduced = {canonical(log) for log in printable}
    others = sorted(log for log in printable if log)
    rnd = random.Random(3)
    tried = refused = 0
    for log in sorted(printable):
        for mutant in mutants(log, others, rnd):
            if not mutant:
                continue
            tried += 1
            verdict = replay_log(lines_of(mutant), None, True, name)
            if canonical(mutant) not in reduced:
                assert verdict.verdict == "diverges", mutant
                assert verdict.diverged_at is not None
                refused += 1
    assert refused > 100 < tried


@pytest.mark.parametrize("name", COVERED)
def test_everything_printable_conforms(name):
    for log in logs(name):
        if log:
            assert replay_log(lines_of(log), None, True, name).verdict != "diverges", log


# ---- what was injected is among the explanations


@st.composite
def scenarios(draw, names=tuple(ALL)):
    name = draw(st.sampled_from(names))
    packages, each = draw(st.sampled_from([(1, 1), (1, 2), (2, 2), (4, 1), (2, 3)]))
    cpus = packages * each
    offline = draw(st.sets(st.integers(1, max(1, cpus - 1)), max_size=2)) if cpus > 1 else set()
    relaxed = draw(st.booleans())
    fault = draw(st.one_of(st.none(), st.sampled_from(sorted(STATUSES))))
    faults = []
    if fault:
        status = draw(st.sampled_from([*STATUSES[fault], "UD", "GP", "VMFAILINVALID"]))
        faults = [{"leaf": fault, "status": status, "nth": draw(st.integers(1, 3))}]
    done = list(range(cpus)) if name == "v8-as-posted" else []
    failing = draw(st.sampled_from(["", "", "kmalloc", "alloc_pages_exact", "alloc_contig_pages", "kzalloc", "cpumask"]))
    return {
        "generation": name,
        "platform": {"packages": packages, "cpus_per_package": each, "offline_at_boot": sorted(offline)},
        "module": {
            "state": "SYSINIT_DONE" if done else "loaded",
            "lp_init_done": done,
            "all_cpus_before_config": not relaxed,
            "late_lp_init": relaxed,
        },
        "faults": faults,
        "allocation_failures": [{"kind": failing, "nth": 1}] if failing else [],
        "operations": ["boot", "enable"] + (["kvmload"] if name == "7.1" else []),
    }


def topology_of(scenario):
    parsed = parse(scenario)
    return parse_topology(
        {"cpus": [{"cpu": cpu, "socket": package, "online": cpu not in parsed.offline} for cpu, package in enumerate(parsed.packages)]}
    )


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scenarios())
def test_simulated_logs_conform_with_the_truth_among_the_explanations(scenario):
    done = simulate(parse(scenario))
    verdict = replay_log(lines_of([(one.level, one.text) for one in done.lines]), topology_of(scenario), True, scenario["generation"])
    assert verdict.verdict != "diverges", verdict.diverged_at
    assert verdict.consumed == verdict.total
    failed = [one for one in done.failures if one.asked == "enable"]
    if failed:
        assert verdict.outcome in ("failed", "unknown")
        assert (failed[0].step, failed[0].status) in {(one.step, one.status) for one in verdict.explanations}
    else:
        assert verdict.outcome == "initialized"
        assert verdict.explanations == ()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scenarios(), st.data())
def test_a_log_that_lost_lines_is_never_refused(scenario, data):
    texts = [(one.level, one.text) for one in simulate(parse(scenario)).lines]
    kept = [line for line in texts if data.draw(st.booleans())]
    verdict = replay_log(lines_of(kept), None, False)
    assert verdict.verdict != "diverges"
    calls = [text for _, text in kept if "SEAMCALL" in text and "failed" in text]
    if calls and len({one.step for one in verdict.explanations}) != 1:
        raise AssertionError(calls)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scenarios(names=tuple(COVERED)))
def test_the_generation_is_found_or_said_not_to_be(scenario):
    lines = lines_of([(one.level, one.text) for one in simulate(parse(scenario)).lines])
    if lines:
        assert scenario["generation"] in (replay_log(lines, None, True).generation or "").split(" or ")


# ---- one model for all


def logged_steps(lines, path, capsys):
    path.write_text("".join(f"<{line.level}>[ 5.{line.number:06}] {line.text}\n" for line in lines))
    main(["log", str(path), "--format", "json"])
    return json.loads(capsys.readouterr().out)["logs"][0]["steps"]


def test_removing_a_step_changes_log_replay_and_simulate(monkeypatch, tmp_path, capsys):
    scenario = {"generation": "6.8", "allocation_failures": [{"kind": "kmalloc", "nth": 1}]}
    lines = lines_of([(one.level, one.text) for one in simulate(parse(scenario)).lines])
    assert "memory-list" in {one.step for one in replay_log(lines, None, True, "6.8").explanations}
    assert "memory-list" in logged_steps(lines, tmp_path / "log", capsys)
    kernels = {
        name: one._replace(operations={word: without(operation, ("memory-list",)) for word, operation in one.operations.items()})
        for name, one in generations().items()
    }
    for module in ("data", "run", "engine"):
        monkeypatch.setattr(f"tdxwhy.replay.{module}.generations", lambda: kernels)
    caches = (running._graph, running.reader, running.beliefs, running.beliefs_of)
    for cached in caches:
        cached.cache_clear()
    monkeypatch.setattr("tdxwhy.replay.engine._told", Memo(1))
    try:
        assert simulate(parse(scenario)).lines[-1].text != lines[-1].text
        assert "memory-list" not in {one.step for one in replay_log(lines, None, True, "6.8").explanations}
        assert "memory-list" not in logged_steps(lines, tmp_path / "log", capsys)
    finally:
        for cached in caches:
            cached.cache_clear()


def test_not_pending_statuses_belong_to_one_leaf_each():
    assert can_answer("TDH.SYS.CONFIG", 0xC000050C00000000)
    assert not can_answer("TDH.SYS.KEY.CONFIG", 0xC000050C00000000)
    assert can_answer("TDH.SYS.KEY.CONFIG", 0x8000020200000000)


# ---- topology refines the blame

CONFIG = """<6>[    5.500031] virt/tdx: BIOS enabled: private KeyID range [64, 128)
<6>[    5.500062] virt/tdx: Disable ACPI S3. Turn off TDX in the BIOS to use ACPI S3.
<3>[    6.004237] virt/tdx: SEAMCALL (0x000000000000002d) failed: 0xc000050c00000000
<3>[    6.004268] virt/tdx: module initialization failed (-5)
"""


def first(cpus):
    topology = parse_topology({"cpus": [{"cpu": n, "socket": socket, "online": online} for n, (socket, online) in enumerate(cpus)]})
    return replay_log(parse_log(CONFIG), topology, True).explanations[0]


def test_a_package_whose_cpus_are_all_offline_is_named():
    found = first([(0, True), (0, True), (1, False), (1, False)])
    assert (found.cause, found.packages, found.cpus) == ("package-without-online-cpu", (1,), (2, 3))


def test_an_offline_cpu_beside_an_online_one_blames_no_package():
    found = first([(0, True), (0, True), (1, True), (1, False)])
    assert (found.cause, found.packages, found.cpus) == ("cpu-not-initialized", (), (3,))


def test_a_package_without_a_known_id_is_not_named_after_a_gap():
    found = first([(0, True), (None, False), (2, True)])
    assert (found.cause, found.packages, found.cpus) == ("package-without-online-cpu", (), (1,))
    assert "package 1" not in found.why
    found = first([(0, True), (0, True), (2, True), (None, False), (2, True), (0, True)])
    assert (found.cause, found.packages, found.cpus) == ("cpu-not-initialized", (), (3,))
    found = first([(0, True), (1, True), (None, False)])
    assert (found.packages, found.cpus) == ((), (2,))


# ---- requests


@pytest.mark.parametrize(
    "request_line", ["", "[]", "{", '{"log": 3}', '{"log": "x", "topology": {"cpus": 1}}', '{"log": "x", "generation": "9"}']
)
def test_a_bad_request_is_answered_in_one_line(request_line):
    found = json.loads(answer(request_line, 4))
    assert "line 4" in found["error"]


def test_a_log_without_tdx_is_undecided():
    found = json.loads(answer(json.dumps({"id": "x", "log": "[    0.0] hello\n", "complete": True}), 1))
    assert (found["id"], found["verdict"], found["consumed"], found["total"]) == ("x", "undecided", 0, 0)


def test_impossible_line_is_shown_with_what_could_have_come():
    found = json.loads(answer(json.dumps({"log": CONFIG + "<6>[ 6.1] virt/tdx: module initialized\n", "complete": True}), 1))
    assert found["verdict"] == "diverges"
    assert found["diverged_at"]["line"] == 5
    assert "line 5 is not of this boot" in found["diverged_at"]["repair"]
    cut = CONFIG.splitlines()[:3]
    found = json.loads(answer(json.dumps({"log": "\n".join(cut), "complete": True}), 1))
    assert found["verdict"] == "diverges"
    assert "virt/tdx: module initialization failed (-5)" in found["diverged_at"]["expected"]
    assert found["diverged_at"]["repair"][0] == "a line was lost at the end: virt/tdx: module initialization failed (-5)"


def test_the_fewest_lines_that_would_explain_it():
    lines = CONFIG.splitlines()
    swapped = "\n".join([lines[1], lines[0], *lines[2:]])
    found = json.loads(answer(json.dumps({"log": swapped, "complete": True}), 1))
    assert found["diverged_at"]["repair"] == ["lines 1 and 2 stand in each other's place"]
    found = json.loads(answer(json.dumps({"log": "\n".join([lines[0], lines[2], lines[3]]), "complete": True}), 1))
    assert found["diverged_at"]["repair"] == [
        "a line was lost before line 2: virt/tdx: Disable ACPI S3. Turn off TDX in the BIOS to use ACPI S3."
    ]


@pytest.mark.parametrize("name", ["v6.12", "v7.3", "v8", "v8-as-posted"])
def test_oracle_rows_conform(shared, name):
    text = gzip.decompress((shared / "oracle" / f"{name}.jsonl.gz").read_bytes()).decode()
    for line in text.splitlines():
        row = json.loads(line)
        if row["kmsg"] and not row["truth"]["faults_no_public_module_returns"]:
            verdict = replay_log(parse_log("\n".join(row["kmsg"])), None, True)
            assert verdict.verdict != "diverges", row["id"]
            if row["scenario"]["operations"].count("enable") == 1:
                assert verdict.outcome in row["truth"]["outcome_any"], row["id"]


def test_memory_is_bounded_by_the_model_and_not_by_the_log():
    def cells():
        return sum(map(len, running.beliefs_of("6.8", False, concerned("6.8", [])).table))

    def log(status, errno):
        call = f"virt/tdx: SEAMCALL (0x000000000000002d) failed: 0x{status:016x}"
        return [LogLine(call, 3, 1), LogLine(f"virt/tdx: module initialization failed ({errno})", 3, 2)]

    replay_log(log(0xC0000A0000000001, -5), None, True, "6.8")
    before = cells()
    assert before
    for number in range(500):
        replay_log(log(0xC0000A0000000000 | number, -5), None, True, "6.8")
        replay_log(log(0xC0000A0000000000, 5 + number), None, True, "6.8")
    assert cells() <= before + 2


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=8,
)
CPU = st.fixed_dictionaries({}, optional={"cpu": JSON, "socket": JSON, "online": JSON})
REQUEST = st.fixed_dictionaries(
    {"log": st.one_of(st.text(max_size=200), st.just(CONFIG), JSON)},
    optional={
        "id": JSON,
        "complete": JSON,
        "generation": st.one_of(JSON, st.sampled_from(ALL)),
        "topology": st.one_of(JSON, st.fixed_dictionaries({"cpus": st.lists(CPU, max_size=5)})),
    },
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(REQUEST, JSON).map(json.dumps))
def test_any_request_gets_one_line_of_json(line):
    found = answer(line, 1)
    assert "\n" not in found
    assert json.loads(found)["schema"] == "tdxwhy/replay/1"


def test_every_leaf_and_status_that_a_line_can_name_has_a_verdict():
    for leaf, number in leaf_numbers().items():
        for text in (
            f"{leaf} failed: 0x5",
            f"virt/tdx: {leaf} failed: 0xc000050500000000",
            f"SEAMCALL ({number:#x}) failed: 0xffffffffffffffffff",
        ):
            for complete in (False, True):
                assert replay_log([LogLine(text, None, 1)], None, complete).total == 1, text


def test_words_of_a_step_that_no_model_has_are_undecided():
    verdict = replay_log([LogLine("TDH.SYS.DISABLE failed: 0x5", None, 1)], None, False)
    assert (verdict.verdict, verdict.outcome, verdict.consumed, verdict.total) == ("undecided", "unknown", 0, 1)
    assert verdict.settles
