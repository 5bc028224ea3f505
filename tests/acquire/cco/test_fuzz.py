"""Good frames with any content, in any state, raise nothing and give no value: the whole driver without a port, in a fake time."""

import random

import pytest

from edge_agent.acquire import AcquireSettings, BusMeter
from edge_agent.acquire.cco import CcoCounters, CcoSettings
from edge_agent.acquire.cco.driver import CcoDriver, State
from edge_agent.acquire.cco.moment import Moment
from edge_agent.wire.gdw10376_2 import AddressField, Code, Direction, Frame10376, UpInfo, known_functions
from tests.acquire.scripted645 import SINGLE, address_of
from tests.runtime.pipelines import SettableClock
from tests.wire.gdw10376_2.samples import UPWARD

ANSWERS = {code: [bytes.fromhex(text.replace("|", "")) for text, _ in samples] for code, samples in UPWARD.items()}
CODES = [code for code, direction in known_functions() if direction is Direction.UP]
CONFIRM, DENY = Code(0, 1), Code(0, 2)


def frame_from(rng: random.Random, waiting: list[Frame10376]) -> Frame10376:
    """A frame of a module: what fits one of the last requests, or anything; its data as in the standard's table, damaged, or noise."""
    asked = rng.choice(waiting[-3:]) if waiting and rng.random() < 0.8 else None
    if asked is None:
        code, sequence, meter = rng.choice(CODES), rng.randrange(256), address_of(rng.randrange(6))
    else:
        code, sequence = rng.choice([asked.code, asked.code, CONFIRM, DENY]), asked.sequence
        meter = asked.addresses.destination if asked.addresses is not None else None
    data = rng.choice(ANSWERS[code]) if code in ANSWERS and rng.random() < 0.7 else rng.randbytes(rng.randrange(80))
    if code == DENY:
        data = bytes([rng.choice([4, 7, 9, 10, 12, 109, 110, 111, 255])])
    elif rng.random() < 0.1 and data:
        place = rng.randrange(len(data))
        data = data[:place] + rng.randbytes(1) + data[place + rng.randrange(2) :]
    addresses = None if meter is None or rng.random() < 0.2 else AddressField(source=meter, destination="000000002600")
    return Frame10376(
        afn=code.afn, fn=code.fn, info=UpInfo(sequence=sequence), data=data, addresses=addresses, prm=rng.random() < 0.05,
    )


@pytest.mark.parametrize("seed", range(5))
def test_any_good_frame_at_any_time_does_no_harm(seed: int):
    print("seed", seed)
    rng, samples, facts = random.Random(seed), [], []
    meters = [
        BusMeter(index=index, id=f"m{index}", address=address_of(index), profile=SINGLE, full_s=30.0, presence_s=10.0) for index in range(4)
    ]
    driver = CcoDriver(
        name="cco", meters=meters, settings=CcoSettings(), acquire=AcquireSettings(quarantine_after=seed * 1000 + 1),
        clock=SettableClock(), counters=CcoCounters(), on_sample=samples.append, on_evidence=facts.append,
    )
    states, waiting, now_s = set(), [], 1000.0
    driver.opened(Moment(now_s, now_s, 0))
    for _ in range(10_000):
        now = Moment(wire_s=now_s, clock_s=now_s, utc_ms=int(1000 * now_s))
        turns = 0
        while (sent := driver.next_frame(now)) is not None:
            waiting = [*waiting[-20:], sent]
            turns += 1
            assert turns < 200
        driver.take(frame_from(rng, waiting), now)
        states.add(driver.state)
        driver.wake_s(now)
        now_s += rng.choice([0.0, 0.1, 1.0, 7.0])
    assert states >= {State.WAITING, State.STARTING, State.READY}
    assert driver.counters.requests > (300 if seed else 10)
    assert driver.counters.denies > 5
    assert driver.counters.foreign_frames > 500
    for sample in samples:                                   # a frame of no meter, or of a meter that was not asked, gives no value
        assert not sample.given().size
