from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tdxwhy.cli import main
from tdxwhy.fleet.query import open_fleet
from tdxwhy.fleet.questions import answers, tail
from tests.fleet.fleets import boot_log, ingested

GOLDEN = Path(__file__).parent / "golden"


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
    golden(GOLDEN / file, capsys.readouterr().out)


def test_a_regression_is_named_with_its_kernel(store):
    report = answers(open_fleet(store))
    assert [(change.value, change.step) for change in report.since_kernel] == [("6.8.0-1015-tdx", "TDH.SYS.RD")]
    assert [outlier.host for outlier in report.outliers] == ["node11"]


def test_windows_part_where_the_user_says(store):
    report = answers(open_fleet(store), datetime(2026, 11, 15))
    assert ("board", "Example Server/Board 7") in [(change.dimension, change.value) for change in report.changes]
    assert answers(open_fleet(store), datetime(2030, 1, 1)).changes == ()


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
    assert told["schema"] == "tdxwhy/fleet-report/1"
    assert told["outcomes"]["counts"]["failed"] == told["failing"][0]["boots"]


@pytest.mark.parametrize(
    ("least", "of", "share", "chance"), [(0, 5, 0.5, 1.0), (5, 5, 0.5, 1 / 32), (1, 2, 0.5, 0.75), (3, 1000, 1e-9, 0.0)]
)
def test_the_tail_of_chance(least, of, share, chance):
    assert tail(least, of, share) == pytest.approx(chance, abs=1e-9)


def test_the_schema_has_a_page(capsys):
    assert main(["fleet", "schema"]) == 0
    assert "fingerprint" in capsys.readouterr().out
