"""What the points of one profile must hold together: one line for each problem."""

from __future__ import annotations

from collections.abc import Sequence

from firmware_profiles.schema import Point, ReadLimits


def point_problems(points: Sequence[tuple[int, Point]], limits: ReadLimits) -> list[str]:
    """``points`` with the number of the entry that they come from."""
    return [*_repeated(points), *_overlapping(points), *_beyond_limits(points, limits), *_without_presence(points)]


def _repeated(points: Sequence[tuple[int, Point]]) -> list[str]:
    problems = []
    first: dict[str, int] = {}
    for number, point in points:
        if point.poll == "never":
            continue
        if point.key in first:
            problems.append(f'{_name(number, point)}: point {first[point.key]} gives it too; set poll = "never" in one of them')
        first.setdefault(point.key, number)
    return problems


def _overlapping(points: Sequence[tuple[int, Point]]) -> list[str]:
    problems = []
    ordered = sorted(points, key=lambda entry: (entry[1].function, entry[1].address))
    reach: tuple[int, Point] | None = None
    for number, point in ordered:
        if reach is not None and reach[1].function == point.function and reach[1].address + reach[1].words > point.address:
            problems.append(
                f"{_name(number, point)}: 0x{point.address:04X} lies within {_name(*reach)} at 0x{reach[1].address:04X};"
                " one word has one meaning, correct an address or a type"
            )
        reach = number, point
    return problems


def _beyond_limits(points: Sequence[tuple[int, Point]], limits: ReadLimits) -> list[str]:
    problems = []
    for number, point in points:
        if point.poll == "never":
            continue
        if point.words > limits.max_words:
            problems.append(
                f"{_name(number, point)}: takes {point.words} words, [limits] max_words allows {limits.max_words}; correct one of them"
            )
        if limits.even_only and (point.address % 2 or point.words % 2):
            problems.append(
                f'{_name(number, point)}: odd address or size, but [limits] even_only is set; correct one or set poll = "never"'
            )
    return problems


def _without_presence(points: Sequence[tuple[int, Point]]) -> list[str]:
    if not points or any(point.poll == "presence" for _, point in points):
        return []
    return ['no point has poll = "presence"; set it for the voltage of the first phase, which shows whether the meter lives']


def _name(number: int, point: Point) -> str:
    return f"point {number} ({point.key})"
