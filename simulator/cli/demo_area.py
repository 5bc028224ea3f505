"""The area of the demo: 59 houses and the area meter, on three TCP gateways and one pty; a house to overload, a branch to cut."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from firmware_profiles.loader import load_all
from simulator.clock import SimClock
from simulator.load import ClockedSource, SummedSource, load_recording
from simulator.meter import MeterBank, SimMeter
from simulator.meter.area import AreaSource
from simulator.serve import PtyLine, SupplyFile, TcpGateway

RECORDINGS = Path(__file__).parents[1] / "recordings"
AREA_PROFILE, HOUSE_PROFILE = "eastron-sdm630-v2", "chint-ddsu666"
HOUSES, GATEWAYS, ON_PTY = 59, 3, 6
BAUD = 115200
OVERLOADED, DARK_BRANCH = "house-05", "feeder-2/branch-2"
RATED_A, SMALL_RATED_A = 63.0, 25.0  # the recorded house reaches 39.4 A; the overloaded one has a small connection
KETTLES = 10  # recorded kettles added up: a catering kitchen on a house connection
BRANCHES = ("feeder-1/branch-1", "feeder-1/branch-2", "feeder-2/branch-1", "feeder-2/branch-2", "feeder-3/branch-1", "feeder-3/branch-2")


@dataclass(frozen=True, slots=True)
class DemoMeter:
    id: str
    bus: str
    unit: int
    profile: str
    node: str
    rated_a: float


class DemoArea:
    """Starts and stops the simulated wires; ``overload`` and ``supply`` change what the meters see, nothing else."""

    def __init__(self, clock: SimClock, directory: Path) -> None:
        profiles = load_all()
        house = load_recording(RECORDINGS / "house.csv")
        kettle = load_recording(RECORDINGS / "kettle.csv")
        self.meters = _meters()
        self._banks: dict[str, MeterBank] = {name: MeterBank() for name in (*(f"gateway-{n}" for n in range(1, GATEWAYS + 1)), "line-1")}
        self._simulated: dict[str, SimMeter] = {}
        self._sources: dict[str, SummedSource] = {}
        kettles = [ClockedSource(kettle, clock, offset_rows=number * 53) for number in range(KETTLES)]
        for number, meter in enumerate(self.meters[1:], start=1):
            # 97 is prime: the houses do not move in step. Every house could have the kettles; they are switched on in one.
            source = SummedSource(ClockedSource(house, clock, offset_rows=number * 97), kettles)
            self._sources[meter.id] = source
            self._simulated[meter.id] = SimMeter(profiles[HOUSE_PROFILE], [source])
        houses = list(self._simulated.values())
        area = SimMeter(profiles[AREA_PROFILE], [AreaSource(houses[phase::3], house.step_s) for phase in range(3)])
        self._simulated[self.meters[0].id] = area
        for meter in self.meters:
            self._banks[meter.bus].meters[meter.unit] = self._simulated[meter.id]
        self._gateways = {
            name: TcpGateway(bank, turnaround_s=0.002, dead_block_s=0.02) for name, bank in self._banks.items() if name != "line-1"
        }
        self._line = PtyLine(self._banks["line-1"], baud=BAUD, turnaround_s=0.002)
        self._supply = SupplyFile(directory / "mains")

    async def start(self) -> None:
        for gateway in self._gateways.values():
            await gateway.start()
        await self._line.start()

    def stop(self) -> None:
        for gateway in self._gateways.values():
            gateway.stop()
        self._line.stop()

    def write_mains(self) -> None:
        """The concentrator sits at the transformer: its mains stay when a branch goes dark."""
        self._supply.write(230.0, 230.0, 230.0)

    def set_overload(self, is_on: bool) -> None:
        self._sources[OVERLOADED].is_on = is_on

    def set_branch_supply(self, is_on: bool) -> None:
        for meter in self.meters:
            if meter.node.startswith(DARK_BRANCH):
                self._simulated[meter.id].supply = is_on

    def agent_config(self, *, directory: Path, broker_port: int, clock: SimClock) -> str:
        """The agent's configuration: shipped thresholds and time constants, but for the 230 V of the recorded house."""
        lines = [
            "[agent]",
            'area = "demo"',
            'id = "edge"',
            f"state_dir = {json.dumps(str(directory / 'state'))}",
            "tick_s = 5.0",
            "health_s = 5.0",
            "[mqtt]",
            f'url = "mqtt://127.0.0.1:{broker_port}"',
            "[simulation]",
            f"speed = {clock.speed}",
            f"epoch_utc_ms = {clock.epoch_utc_ms}",
            'description = "demo: recorded house, kettle; simulated wires"',
            "[schedule]",
            "full_s = 60.0",
            "presence_s = 20.0",
            "[acquire]  # wire times are real, and these wires are short",
            "reply_timeout_s = 0.1",
            "reply_timeout_floor_s = 0.05",
            "[detect.voltage]  # EN 50160: 230 V +-10 %",
            "high_ratio = 1.10",
            "[outage]",
            "nominal_voltage_v = 230.0",
            "[supply]",
            f"file = {json.dumps(str(directory / 'mains'))}",
        ]
        for name, gateway in self._gateways.items():
            lines += ["[[bus]]", f'name = "{name}"', f'url = "tcp://127.0.0.1:{gateway.port}"']
        lines += ["[[bus]]", 'name = "line-1"', f'url = "serial://{self._line.path}?baud={BAUD}&format=8N1"']
        for meter in self.meters:
            lines += [
                "[[meter]]",
                f'id = "{meter.id}"',
                f'bus = "{meter.bus}"',
                f"unit = {meter.unit}",
                f'profile = "{meter.profile}"',
                f'node = "{meter.node}"',
                f'role = "{"area" if meter.profile == AREA_PROFILE else "customer"}"',
                f"rated_current_a = {meter.rated_a}",
                "nominal_voltage_v = 230.0",
            ]
        return "\n".join(lines) + "\n"


def _meters() -> list[DemoMeter]:
    """The area meter first; houses in turn on the gateways, the last six on the pty."""
    meters = [DemoMeter("transformer", "gateway-1", 100, AREA_PROFILE, "", 600.0)]
    for number in range(1, HOUSES + 1):
        bus = "line-1" if number > HOUSES - ON_PTY else f"gateway-{number % GATEWAYS + 1}"
        identity = f"house-{number:02d}"
        branch = BRANCHES[number * len(BRANCHES) // (HOUSES + 1)]
        meters.append(
            DemoMeter(
                identity,
                bus,
                number,
                HOUSE_PROFILE,
                f"{branch}/box-{number % 10 // 4 + 1}",
                SMALL_RATED_A if identity == OVERLOADED else RATED_A,
            )
        )
    return meters
