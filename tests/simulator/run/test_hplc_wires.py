"""An area behind a coordinator on a pseudo terminal: the shipped configuration, and supply that follows the grid."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge_agent.config import load_config
from edge_agent.errors import ConfigError
from edge_agent.transport import create_link
from simulator.clock import SimClock
from simulator.run.hplc_meters import MODELS
from simulator.run.hplc_wires import HplcWires
from simulator.run.metering import Models
from simulator.scenario.scenario_file import load_scenario
from tests.simulator.hplc.cco.scripted import vector


def test_the_agent_takes_the_configuration_and_the_module_answers_on_its_terminal(tmp_path: Path):
    async def talk() -> bytes:
        wires = HplcWires(load_scenario("comm_subtree_loss").world(), SimClock(speed=20.0), tmp_path, models=MODELS)
        await wires.start()
        try:
            path = tmp_path / "agent.toml"
            path.write_text(wires.agent_config(broker_url="mqtt://127.0.0.1:1883", poll_s=900.0, description="test"), encoding="utf-8")
            config = load_config(path)
            bus = next(bus for bus in config.buses if bus.name == "cco")
            link = create_link(bus.url)
            await link.open()
            link.write(vector("query run mode"))
            heard = b""
            for _ in range(20):
                heard += await link.read(0.5)
                if b"\x03\x02\x01" in heard:
                    break
            link.close()
            return heard
        finally:
            wires.stop()

    assert b"\x03\x02\x01" in asyncio.run(talk())


def test_meters_of_another_protocol_cannot_be_behind_a_coordinator(tmp_path: Path):
    with pytest.raises(ConfigError, match="dlt645-2007-single"):
        HplcWires(load_scenario("comm_subtree_loss").world(), SimClock(), tmp_path, models=Models())
