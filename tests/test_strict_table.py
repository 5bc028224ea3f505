"""Settings tables: every problem is told, none stops the others from being told."""

from dataclasses import dataclass

from edge_agent.strict_table import fill


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    name: str
    period_s: float = 1.0
    limit: int | None = None

    def __post_init__(self) -> None:
        if self.period_s <= 0:
            raise ValueError("period_s must be above 0")


def problems_of(table: object) -> list[str]:
    problems: list[str] = []
    filled = fill(Settings, table, where="[x]", problems=problems)
    assert (filled is None) == bool(problems)
    return problems


def test_a_right_table_fills_the_settings():
    assert fill(Settings, {"name": "a", "period_s": 2}, where="[x]", problems=[]) == Settings(name="a", period_s=2.0)


def test_all_problems_are_told_at_once():
    problems = problems_of({"perod_s": 3, "limit": "many"})
    assert len(problems) == 3
    assert "unknown key 'perod_s'; did you mean 'period_s'?" in problems[0]
    assert "limit = 'many'" in problems[1]
    assert "missing key 'name'" in problems[2]


def test_values_that_do_not_fit_are_told_in_the_words_of_the_settings():
    assert problems_of({"name": "a", "period_s": -1}) == ["[x]: period_s must be above 0"]


def test_a_value_in_place_of_a_table_is_told():
    assert problems_of(["name"]) == ["[x]: expected a table, found list"]
