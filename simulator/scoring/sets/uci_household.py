"""A real house without a known fault: nothing may be called a fire risk, and the voltage is told only where it really leaves the band."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cython_ext.impedance import N_SUMS, slope_of, update_impedance
from edge_agent.detect import find_detectors
from edge_agent.detect.quality.voltage import VoltageSettings
from edge_agent.errors import ConfigError
from edge_agent.events.kinds import kind_of
from edge_agent.model import Archive, Finding, Meter, Stage
from simulator.cli.rows import Row
from simulator.scoring.plain_slope import daily_rises, slope_ohm
from simulator.scoring.score_set import Say, ScoreSet, read_bytes, read_numbers
from simulator.scoring.series import Series, run_detectors

_NOMINAL_V, _RATED_A = 230.0, 60.0      # France; a household meter of 5(60) A
_X_MIN_A = 2.0                          # without a reference (detection.md section 1); ten steps of its register
_WITHIN = 0.05
_DAY_S = 86_400.0
_COLUMNS = ("Voltage", "Global_intensity", "Global_active_power", "Global_reactive_power")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Shape (t,) each; NaN where blank."""

    utc_ms: npt.NDArray[np.int64]
    voltage_v: npt.NDArray[np.float64]
    current_a: npt.NDArray[np.float64]
    active_power_w: npt.NDArray[np.float64]
    reactive_power_var: npt.NDArray[np.float64]


def read_house(path: Path) -> House:
    """Raises ConfigError: what is missing or damaged, with the line."""
    found = read_numbers(path, _COLUMNS)
    lines = read_bytes(path).decode("utf-8-sig", errors="replace").splitlines()
    place = lines[0].split(",").index("Datetime") if "Datetime" in lines[0].split(",") else -1
    if place < 0:
        raise ConfigError([f"{path}: has no column Datetime"])
    utc_ms = np.empty(len(lines) - 1, dtype=np.int64)
    for number, line in enumerate(lines[1:]):
        try:
            at = datetime.strptime(line.split(",")[place], "%d/%m/%Y %H:%M:%S").replace(tzinfo=UTC)
        except ValueError as exc:
            raise ConfigError([f"{path}: line {number + 2}: {exc}"]) from exc
        utc_ms[number] = round(1000 * at.timestamp())
    if len(utc_ms) < 2 or (np.diff(utc_ms) <= 0).any():
        raise ConfigError([f"{path}: times must rise from line to line, and there must be two at least"])
    volts, amperes, kw, kvar = (found[name] for name in _COLUMNS)
    return House(utc_ms=utc_ms, voltage_v=volts, current_a=amperes, active_power_w=1000.0 * kw, reactive_power_var=1000.0 * kvar)


def score(directory: Path, say: Say) -> list[Row]:
    paths = sorted([*directory.glob("*.csv"), *directory.glob("*.csv.gz")])
    if not paths:
        raise ConfigError([f"{directory}: has no .csv file; the README of the set names its files"])
    rows: list[Row] = []
    for number, path in enumerate(paths):
        found = _score_house(read_house(path), lambda share, number=number: say((number + share) / len(paths)))  # type: ignore[misc]
        rows += found if len(paths) == 1 else [replace(row, name=f"{path.name}: {row.name}") for row in found]
    return rows


def _score_house(house: House, say: Say) -> list[Row]:
    series = _series(house)
    detectors = [found.build(series.archive, found.settings()) for found in find_detectors().values()]
    findings = [finding for finding in run_detectors(series, detectors, say) if finding.stage is Stage.BEGIN]
    return [*_impedance_rows(house), *_alarm_rows(findings, house), *_voltage_rows(findings, house)]


def kernel_slope_ohm(house: House) -> float:
    """Of the current as the meter gives it, by the kernel that the agent runs."""
    sums, centre, scale = np.zeros((N_SUMS, 1)), np.zeros((2, 1)), np.ones(1)
    for x, y in zip(np.diff(house.current_a).tolist(), np.diff(house.voltage_v).tolist(), strict=True):
        update_impedance(
            np.array([x]), np.array([y]), np.array([_X_MIN_A]), centre, scale, sums, memory_steps=200.0, scale_step=0.05, scale_min=0.02
        )
    return float(slope_of(sums).r[0])


def runs_outside(house: House, settings: VoltageSettings) -> list[tuple[int, str]]:
    """Where a run beyond the band has lasted ``begin_s``: when it began, and which kind. Counted here again, apart from the detector."""
    low_v, high_v = (round(_NOMINAL_V * ratio, 6) for ratio in (settings.low_ratio, settings.high_ratio))
    back_v = _NOMINAL_V * settings.hysteresis_ratio
    found: list[tuple[int, str]] = []
    is_on, kind, since_ms, last_ms = "", "", 0, 0
    for at_ms, volts in zip(house.utc_ms.tolist(), house.voltage_v.tolist(), strict=True):
        if math.isnan(volts):
            continue
        if is_on:
            is_back = volts >= low_v + back_v if is_on == "voltage.low" else volts <= high_v - back_v
            now = "back" if is_back else ""
        else:
            now = "voltage.low" if volts < low_v else "voltage.high" if volts > high_v else ""
        if now != kind or at_ms - last_ms > 1000 * settings.max_gap_s:
            kind, since_ms = now, at_ms
        last_ms = at_ms
        if kind == "back" and at_ms - since_ms >= 1000 * settings.end_s:
            is_on = kind = ""
        elif kind.startswith("voltage") and not is_on and at_ms - since_ms >= 1000 * settings.begin_s:
            found.append((since_ms, kind))
            is_on, kind = kind, ""
    return found


def _series(house: House) -> Series:
    meter = Meter(id="house", index=0, profile="set", bus="set", nominal_voltage_v=_NOMINAL_V, rated_current_a=_RATED_A)
    columns = {
        "voltage_v.a": house.voltage_v, "current_a.a": house.current_a, "active_power_w.a": house.active_power_w,
        "reactive_power_var.a": house.reactive_power_var, "active_power_w": house.active_power_w,
    }
    return Series(
        archive=Archive("uci-household", (meter,)), utc_ms=house.utc_ms, columns={name: values[:, None] for name, values in columns.items()}
    )


def _impedance_rows(house: House) -> list[Row]:
    plain, ours = slope_ohm(house.voltage_v, house.current_a, _X_MIN_A), kernel_slope_ohm(house)
    return [
        Row(name="impedance of the service, kernel", figure=ours, unit="ohm", goal=f"{plain:.4f} +- 5 %",
            ok=abs(ours - plain) <= _WITHIN * abs(plain)),
        Row(name="impedance of the service, plain least squares", figure=plain, unit="ohm", goal="-", ok=True),
    ]


def _alarm_rows(findings: list[Finding], house: House) -> list[Row]:
    days = float(house.utc_ms[-1] - house.utc_ms[0]) / 1000.0 / _DAY_S
    fire = [finding for finding in findings if kind_of(finding.kind).event_class in ("fire", "theft")]
    over = [finding for finding in findings if kind_of(finding.kind).event_class == "overload"]
    kinds = ", ".join(sorted({finding.kind for finding in fire})) or "none"
    plain = daily_rises(house.voltage_v, house.current_a, x_min_a=0.3, steps_per_day=1440, rise_ohm=0.06)
    return [
        Row(name=f"fire risk and theft, all detectors ({kinds})", figure=len(fire), unit="false alarms", goal="= 0", ok=not fire),
        Row(name="fire risk and theft, all detectors", figure=1000.0 * len(fire) / days, unit="/1000 m-days", goal="-", ok=True),
        Row(name="overload", figure=len(over), unit="false alarms", goal="= 0", ok=not over),
        Row(name="plain slope of each day: rises", figure=1000.0 * len(plain) / days, unit="/1000 m-days", goal="-", ok=True),
    ]


def _voltage_rows(findings: list[Finding], house: House) -> list[Row]:
    told = {(finding.at_utc_ms, finding.kind) for finding in findings if finding.kind in ("voltage.low", "voltage.high")}
    counted = set(runs_outside(house, VoltageSettings()))
    return [
        Row(name="voltage outside the band, told", figure=len(told), unit="times", goal=f"= {len(counted)} (counted)", ok=told == counted),
        Row(name="voltage told without cause", figure=len(told - counted), unit="false alarms", goal="= 0", ok=not told - counted),
    ]


SCORE = ScoreSet(name="uci_household", summary="a real house without a fault: false alarms, impedance", score=score)
