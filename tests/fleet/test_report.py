from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from tdxwhy.cli import main
from tdxwhy.fleet.query import open_fleet
from tdxwhy.fleet.questions import answers
from tdxwhy.fleet.regressions import tail
from tdxwhy.report.fleet_text import news
from tests.fleet.fleets import boot_log, ingested

EXPECTED = Path(__file__).parent / "expected"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Three weeks of 12 hosts: a kernel of the last week fails on some, and one host fails all the time."""
    folder = tmp_path_factory.mktemp("fleet")
    for host in range(12):
        for day in range(21):
            late = day >= 14 and host % 2
            kernel = "6.8.0-1015-tdx" if late else "6.8.0-1012-tdx"
            bad = host == 11 or (late and (day + host) % 3 > 0)
            place = folder / "logs" / f"node{host:02}"
            place.mkdir(parents=True, exist_ok=True)
            at = datetime(2026, 11, 1) + timedelta(days=day)
            text = boot_log(place.name, host * 100 + day, not bad, kernel, "1.7" if host < 4 else "1.4")
            (place / f"{at:%Y-%m-%d}.log").write_text(text)
    ingested(folder / "store", folder / "logs", pattern="{host}/{date}.log")
    return folder / "store"


@pytest.mark.parametrize(
    ("form", "file"), [("text", "report.txt"), ("json", "report.json"), ("openmetrics", "report.prom"), ("html", "report.html")]
)
def test_reports(store, golden, capsys, form, file):
    assert main(["fleet", "report", "--store", str(store), "--format", form]) == 0
    golden(EXPECTED / file, capsys.readouterr().out)


def test_a_regression_is_named_once_with_its_kernel(store):
    report = answers(open_fleet(store))
    assert [(one.how, one.value, one.step, one.rivals) for one in report.regressions] == [("since", "6.8.0-1015-tdx", "TDH.SYS.RD", ())]
    assert [outlier.host for outlier in report.outliers] == ["node11"]


class Boots(NamedTuple):
    """Boots alike: on which days they were, with what, on how many hosts, and of every so-manieth which fails."""

    days: range
    kernel: str
    firmware: str
    hosts: range
    failing: int


OLD = Boots(range(1, 15), "6.8.0-1012", "1.4", range(10), 0)
SINCE = [
    # A kernel's failure that its successor has too is that kernel's.
    ([OLD, Boots(range(15, 18), "6.8.0-1015", "1.4", range(10), 2), Boots(range(18, 22), "6.8.0-1016", "1.4", range(10), 2)],
     ["since kernel 6.8.0-1015: TDH.SYS.RD: 35 of 70 boots (50.0%), before 0 of 140 boots (0.0%)"]),
    # One that the successor has not is told of the kernel alone.
    ([OLD, Boots(range(15, 18), "6.8.0-1015", "1.4", range(10), 2), Boots(range(18, 22), "6.8.0-1016", "1.4", range(10), 0)],
     ["with new kernel 6.8.0-1015: TDH.SYS.RD: 15 of 30 boots (50.0%), else 0 of 180 boots (0.0%)"]),
    # A firmware that comes with the second window has no boots before it.
    ([OLD, Boots(range(15, 22), "6.8.0-1012", "1.4", range(5), 0), Boots(range(15, 22), "6.8.0-1012", "1.7", range(5, 10), 2)],
     ["with new firmware 1.7: TDH.SYS.RD: 18 of 35 boots (51.4%), else 0 of 175 boots (0.0%)"]),
    # What came together cannot be told apart.
    ([OLD, Boots(range(15, 22), "6.8.0-1012", "1.4", range(5), 0), Boots(range(15, 22), "6.8.0-1015", "1.7", range(5, 10), 2)],
     ["since kernel 6.8.0-1015 or firmware 1.7 (which of the two, these boots cannot tell): TDH.SYS.RD: 18 of 35 boots (51.4%), "
      "before 0 of 175 boots (0.0%)"]),
    # All of it may be one host's.
    ([OLD, Boots(range(15, 22), "6.8.0-1015", "1.4", range(9), 0), Boots(range(15, 22), "6.8.0-1015", "1.4", range(9, 10), 1)],
     ["since kernel 6.8.0-1015: TDH.SYS.RD: 7 of 70 boots (10.0%), all on host node09, before 0 of 140 boots (0.0%)"]),
    # Where nothing differs but the date, that is all that can be said.
    ([OLD, Boots(range(15, 22), "6.8.0-1012", "1.4", range(10), 2)],
     ["since 2026-11-14: TDH.SYS.RD: 35 of 80 boots (43.8%), before 0 of 130 boots (0.0%)"]),
    ([OLD, Boots(range(15, 22), "6.8.0-1015", "1.4", range(10), 0)], []),
]  # fmt: skip


@pytest.mark.parametrize(("fleet", "told"), SINCE)
def test_each_change_is_said_once_by_what_tells_it_best(tmp_path, fleet, told):
    number = 0
    for boots in fleet:
        for day in boots.days:
            for host in boots.hosts:
                number += 1
                place = tmp_path / "logs" / f"node{host:02}"
                place.mkdir(parents=True, exist_ok=True)
                bad = boots.failing and number % boots.failing == 0
                (place / f"2026-11-{day:02}.log").write_text(boot_log(place.name, number, not bad, boots.kernel, boots.firmware))
    ingested(tmp_path / "store", tmp_path / "logs", pattern="{host}/{date}.log")
    assert list(news(answers(open_fleet(tmp_path / "store")))) == told


def test_windows_part_where_the_user_says(store):
    report = answers(open_fleet(store), datetime(2026, 11, 15))
    assert [one.how for one in report.regressions] == ["since"]
    assert [one.how for one in answers(open_fleet(store), datetime(2030, 1, 1)).regressions] == ["since"]


def test_the_split_is_a_day_or_a_time_in_any_zone(store, capsys):
    command = ["fleet", "report", "--store", str(store), "--format", "json", "--split"]
    told = [json.loads(capsys.readouterr().out) for split in ("2026-11-15", "2026-11-15T02:00+02:00") if main([*command, split]) == 0]
    assert len(told) == 2 and told[0] == told[1] and told[0]["split"] == "2026-11-15T00:00:00Z"
    assert main([*command, "soon"]) == 2
    assert "'soon' is no date such as 2026-03-01" in capsys.readouterr().err


def test_metrics_end_as_they_must(store, tmp_path):
    file = tmp_path / "tdxwhy.prom"
    assert main(["fleet", "report", "--store", str(store), "--format", "openmetrics", "--output", str(file)]) == 0
    lines = file.read_text().splitlines()
    assert lines[-1] == "# EOF"
    assert sum(line.startswith("tdxwhy_boots{") for line in lines) >= 2
    assert list(tmp_path.iterdir()) == [file]


def test_prometheus_reads_the_metrics(store, capsys, tmp_path):
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    (tmp_path / "odd.log").write_text(boot_log("odd", 4, good=False, kernel='6.8"\\{}').replace("Example Server", 'a "quoted\\name'))
    ingested(tmp_path / "odd", tmp_path / "odd.log")
    ingested(tmp_path / "none", tmp_path / "odd.log", pattern="{host}/*")
    for one in (store, tmp_path / "odd", tmp_path / "none"):
        assert main(["fleet", "report", "--store", str(one), "--format", "openmetrics"]) == 0
        families = {family.name: family for family in parser.text_string_to_metric_families(capsys.readouterr().out)}
        assert (
            sum(sample.value for sample in families["tdxwhy_boots"].samples) == open_fleet(one).ask("SELECT count(*) FROM boots").rows[0][0]
        )
        fingerprints = {sample.labels["fingerprint"] for sample in families["tdxwhy_findings"].samples}
        assert fingerprints == {row[0] for row in open_fleet(one).ask("SELECT DISTINCT fingerprint FROM findings").rows}


def test_json_says_its_schema(store, capsys):
    main(["fleet", "report", "--store", str(store), "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "tdxwhy/fleet-report/2"
    assert told["outcomes"]["counts"]["failed"] == told["failing"][0]["boots"]


@pytest.mark.parametrize(
    ("least", "of", "share", "chance"), [(0, 5, 0.5, 1.0), (5, 5, 0.5, 1 / 32), (1, 2, 0.5, 0.75), (3, 1000, 1e-9, 0.0)]
)
def test_the_tail_of_chance(least, of, share, chance):
    assert tail(least, of, share) == pytest.approx(chance, abs=1e-9)


def test_the_schema_has_a_page(capsys):
    assert main(["fleet", "schema"]) == 0
    assert "fingerprint" in capsys.readouterr().out


@pytest.mark.parametrize(("what", "status"), [("regression", 1), ("outlier", 1), ("failed", 1), ("incident", 0)])
@pytest.mark.parametrize("form", ["text", "openmetrics"])
def test_a_report_fails_on_what_it_is_told_to(store, what, status, form):
    assert main(["fleet", "report", "--store", str(store), "--format", form, "--fail-on", what]) == status
    assert main(["fleet", "report", "--store", str(store), "--format", form, "--fail-on", "incident", "--fail-on", what]) == status


@pytest.mark.parametrize("form", ["text", "html"])
def test_a_table_that_is_cut_says_so(tmp_path, capsys, form):
    for kernel in range(20):
        (tmp_path / "logs").mkdir(exist_ok=True)
        (tmp_path / "logs" / f"{kernel:02}.log").write_text(boot_log("h", kernel, kernel % 2 > 0, f"6.8.{kernel}"))
    ingested(tmp_path / "store", tmp_path / "logs")
    report = ["fleet", "report", "--store", str(tmp_path / "store"), "--format", form]
    main(report)
    shown = capsys.readouterr().out
    assert "and 5 more" in shown
    assert "6.8.19" not in shown
    main([*report, "--all"])
    shown = capsys.readouterr().out
    assert "more (" not in shown
    assert all(f"6.8.{kernel}" in shown for kernel in range(20))
