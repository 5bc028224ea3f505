"""The table of needs: every row shows a test that exists, or names the work that will bring one."""

import ast
from pathlib import Path

import pytest

from simulator.scenario.scenario_file import shipped_scenarios

ROOT = Path(__file__).parents[1]
OWNERS = {"HPLC", "detection", "area analytics", "reliability"}
CORE = {
    "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "1.10", "1.13", "1.15", "1.16", "1.17", "1.18", "1.19", "1.21", "1.23",
    "1.24", "1.26", "1.27", "1.28", "1.31", "2.1", "2.2", "2.3", "2.6", "2.7", "2.10", "2.11", "2.12", "3.1", "3.10", "3.11", "4.5", "4.6",
}


def rows() -> list[list[str]]:
    lines = (ROOT / "docs" / "needs.md").read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")][2:]


def problems_of(row: list[str]) -> str:
    """What is wrong with a row, nothing where it is right."""
    if len(row) != 4:
        return "not four cells"
    need, objective, shown, scenario = row
    if not objective:
        return f"{need}: no objective"
    if scenario not in shipped_scenarios():
        return f"{need}: no scenario {scenario!r}"
    return next((problem for part in shown.split("; ") if (problem := _problem_of_part(need, part))), "")


def _problem_of_part(need: str, shown: str) -> str:
    owner = shown.removeprefix("owner: ")
    if owner != shown:
        return "" if owner in OWNERS else f"{need}: nobody is called {owner!r}"
    path, _, name = shown.partition("::")
    if not (ROOT / path).is_file():
        return f"{need}: neither an owner nor a file of tests: {shown!r}"
    defined = {node.name for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)}
    return "" if name in defined else f"{need}: no test {name!r} in {path}"


def test_every_core_need_has_exactly_one_row():
    assert sorted(row[0] for row in rows()) == sorted(CORE)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_a_row_shows_a_test_that_exists_or_names_its_owner(row):
    assert problems_of(row) == ""


@pytest.mark.parametrize(
    "row",
    [
        ["9.9", "something", "", "meter_swap"], ["9.9", "something", "owner: nobody", "meter_swap"],
        ["9.9", "", "owner: HPLC", "meter_swap"],
        ["9.9", "something", "tests/test_needs.py::test_that_is_not_there", "meter_swap"],
        ["9.9", "something", "owner: HPLC; tests/test_needs.py::test_that_is_not_there", "meter_swap"],
        ["9.9", "something", "tests/nowhere.py::test_x", "meter_swap"], ["9.9", "something", "owner: HPLC", "doomsday"],
    ],
)
def test_a_row_without_either_is_found(row):
    assert problems_of(row).startswith("9.9: ")
