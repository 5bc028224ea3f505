"""Readings and records as files: what pyarrow reads back is what the CSV says, and a missing pyarrow is one line before anything runs."""

import csv
import sys

import pyarrow.parquet
import pytest

from edge_agent.cli.main import main
from simulator.scenario.tables import TABLES

ROWS = [[0.5, "m0001", 229.1234567], [10.5, "m0002", None]]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_what_is_written_can_be_read_back(tmp_path, form):
    table = TABLES[form](tmp_path / f"x.{form}", ("t_s", "meter", "voltage_v.a"), texts=("meter",))
    for row in ROWS:
        table.write(row)
    table.close()
    if form == "parquet":
        found = [list(row.values()) for row in pyarrow.parquet.read_table(tmp_path / "x.parquet").to_pylist()]
    else:
        with (tmp_path / "x.csv").open() as file:
            lines = list(csv.reader(file))
        assert lines[0] == ["t_s", "meter", "voltage_v.a"]
        found = [[float(at_s), meter, float(volts) if volts else None] for at_s, meter, volts in lines[1:]]
    assert found == ROWS


def test_a_scenario_as_parquet_has_the_rows_of_its_csv(tmp_path, capsys):
    text = (
        '[area]\nstyle = "rural_overhead"\nmeters = 50\n[time]\nhours = 0.5\n'
        '[[change]]\nid = "f"\nclass = "service_outage"\nplace = "m0003"\nat = 600\nedits = [{op = "open", branch = "s0003"}]\n'
    )
    (tmp_path / "mine.toml").write_text(text)
    for form in ("csv", "parquet"):
        assert main(["sim", "run", str(tmp_path / "mine.toml"), "--out", str(tmp_path / form), "--format", form]) == 0
    capsys.readouterr()
    for name in ("readings", "records"):
        with (tmp_path / "csv" / f"{name}.csv").open() as file:
            wanted = list(csv.DictReader(file))
        found = pyarrow.parquet.read_table(tmp_path / "parquet" / f"{name}.parquet").to_pylist()
        assert len(found) == len(wanted) > 0
        for row, text_row in zip(found, wanted, strict=True):
            for key, value in row.items():
                if value is None or isinstance(value, str):
                    assert (value or "") == text_row[key]
                else:
                    assert value == pytest.approx(float(text_row[key]), rel=1e-9)
    assert (tmp_path / "csv" / "truth.json").read_bytes() == (tmp_path / "parquet" / "truth.json").read_bytes()


def test_a_missing_pyarrow_is_one_line_that_says_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main(["sim", "run", "meter_swap", "--out", str(tmp_path / "out"), "--format", "parquet"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "pip install 'pyarrow" in told
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["sim", "run", "meter_swap", "--out", str(tmp_path / "file" / "x")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
