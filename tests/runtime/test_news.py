"""News of supply is told at once by the whole agent, however seldom it ticks."""

import asyncio
import json

from edge_agent.config import load_config
from edge_agent.model import Evidence, EvidenceKind
from edge_agent.runtime.agent import Agent, make_clock


def test_a_last_gasp_is_told_long_before_the_next_tick(tmp_path):
    path = tmp_path / "agent.toml"
    path.write_text(
        f'[agent]\narea = "a"\nid = "e"\nstate_dir = "{tmp_path / "state"}"\ntick_s = 60.0\n[mqtt]\nurl = "mqtt://127.0.0.1:9"\n'
        '[[bus]]\nname = "hplc"\nurl = "tcp://127.0.0.1:9"\nprotocol = "gdw10376.2"\nmain_address = "000000002600"\n'
        + "".join(
            f'[[meter]]\nid = "m{number}"\nbus = "hplc"\naddress = "{number + 1:012d}"\nprofile = "dlt645-2007-single"\n'
            f'node = "f{number % 2}/b"\n'
            for number in range(12)
        )
    )
    config = load_config(path)
    clock = make_clock(config)
    agent = Agent(config, clock, readers=())

    async def run():
        task = asyncio.create_task(agent.run())
        await asyncio.sleep(0.2)
        assert agent.pipeline.active_alarms() == []
        agent.take_evidence(Evidence(kind=EvidenceKind.LAST_GASP, at_utc_ms=clock.utc_ms(), meters=(0, 2, 4, 6, 8), bus="hplc"))
        async with asyncio.timeout(5):
            while not agent.pipeline.active_alarms():
                await asyncio.sleep(0.01)
        agent.stop()
        await task

    asyncio.run(run())
    agent.close()
    ((_, message),) = agent.pipeline.active_alarms()
    assert (json.loads(message)["data"]["kind"], json.loads(message)["data"]["state"]) == ("supply.lost", "suspected")
