"""Reading by hand: the commands ``read`` and ``scan``."""

import pytest

from edge_agent.acquire.single import SingleReader, ask_words, read_points
from edge_agent.errors import LinkError, MeterRefused
from edge_agent.transport.base import Framing
from edge_agent.transport.memory import MemoryLink
from edge_agent.wire.modbus import ReadRequest
from tests.acquire.scripted import Asked, ScriptedBus, energy_points, profile_of
from tests.virtual_loop import run_virtual

PROFILE = profile_of(energy_points(6))
FRAMINGS = pytest.mark.parametrize("framing", Framing)


async def opened(bus: ScriptedBus) -> MemoryLink:
    link = MemoryLink("bus", bus.respond)
    await link.open()
    return link


@FRAMINGS
def test_every_point_is_shown_with_its_value(framing: Framing):
    async def scenario():
        return await read_points(await opened(ScriptedBus(framing=framing)), framing, PROFILE, 1)

    readings = run_virtual(scenario())
    assert [reading.point.key for reading in readings] == [point.key for point in PROFILE.points]
    assert [reading.decoded.value for reading in readings] == [1000 + point.address for point in PROFILE.points]


def test_refused_point_is_shown_as_refused():
    def script(asked: Asked):
        request = asked.request
        return (0.0, asked.refusal(2)) if request.address <= 4 < request.address + request.count else (0.0, asked.right)

    async def scenario():
        return await read_points(await opened(ScriptedBus(script=script)), Framing.RTU, PROFILE, 1)

    assert [reading.decoded is None for reading in run_virtual(scenario())] == [False, False, True, False, False, False]


@FRAMINGS
def test_one_lost_reply_is_asked_again(framing: Framing):
    bus = ScriptedBus(framing=framing, script=lambda asked: None if asked.number == 1 else (0.0, asked.right))

    async def scenario():
        return await read_points(await opened(bus), framing, PROFILE, 1)

    assert len(run_virtual(scenario())) == 6
    assert len(bus.asked) == 2


def test_nobody_there_is_one_line_that_says_what_to_check():
    async def scenario():
        await read_points(await opened(ScriptedBus(dead={1})), Framing.RTU, PROFILE, 1, timeout_s=0.3)

    with pytest.raises(LinkError, match=r"^bus unit 1: no answer within 0\.3 s .* unit address"):
        run_virtual(scenario())


def test_refusal_of_a_question_proves_that_somebody_is_there():
    async def scenario():
        bus = ScriptedBus(script=lambda asked: (0.0, asked.refusal(2)))
        await ask_words(await opened(bus), Framing.RTU, ReadRequest(unit=1, function=3, address=0, count=1))

    with pytest.raises(MeterRefused):
        run_virtual(scenario())


def test_silence_is_no_answer():
    async def scenario():
        return await ask_words(await opened(ScriptedBus(dead={7})), Framing.RTU, ReadRequest(unit=7, function=3, address=0, count=1))

    assert run_virtual(scenario()) is None


def test_late_reply_to_one_question_is_not_the_answer_to_the_next():
    # both questions are of one register pair: their replies look alike
    bus = ScriptedBus(script=lambda asked: (0.5 if asked.number == 1 else 0.0, asked.right))

    async def scenario():
        link = await opened(bus)
        questions = [ReadRequest(unit=1, function=3, address=address, count=2) for address in (0, 100)]
        return [await ask_words(link, Framing.RTU, question, timeout_s=0.3) for question in questions]

    first, second = run_virtual(scenario())
    assert first is None
    assert int.from_bytes(second, "big") == 2100


def test_reader_counts_what_it_dropped():
    bus = ScriptedBus(script=lambda asked: (0.0, b"\x00\xff" + asked.right))

    async def scenario():
        reader = SingleReader(await opened(bus), Framing.RTU)
        await reader.read_points(PROFILE, 1)
        return reader.counters

    assert run_virtual(scenario()).discarded_bytes == 2
