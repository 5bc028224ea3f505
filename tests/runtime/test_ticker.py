"""When the agent looks: once a second, at news of supply at once, and in a storm no more often than it can."""

import asyncio

import pytest

from edge_agent.runtime.ticker import Ticker
from tests.virtual_loop import run_virtual


class Clock:
    time_source, speed = None, 1.0

    def monotonic_s(self):
        return asyncio.get_running_loop().time()

    def utc_ms(self):
        return 0

    async def sleep(self, seconds):
        await asyncio.sleep(seconds)


def looks(seconds, news, *, look_takes_s=0.0):
    """Times of ticks and looks, from the start, with news at these times."""
    ticked, looked = [], []

    class Slow(Clock):
        """A look takes time that its caller sees in the clock alone."""

        spent_s = 0.0

        def monotonic_s(self):
            return super().monotonic_s() + self.spent_s

    async def live():
        clock, begin_s = Slow(), asyncio.get_running_loop().time()

        def now_s():
            return asyncio.get_running_loop().time() - begin_s

        def look():
            looked.append(now_s())
            clock.spent_s += look_takes_s

        ticker = Ticker(lambda: ticked.append(now_s()), look, clock, 1.0)
        running = asyncio.create_task(ticker.run())
        for at_s in news:
            await asyncio.sleep(begin_s + at_s - asyncio.get_running_loop().time())
            ticker.has_news()
        await asyncio.sleep(begin_s + seconds - asyncio.get_running_loop().time())
        running.cancel()

    run_virtual(live())
    return ticked, looked


def test_without_news_it_ticks_in_its_own_time():
    ticked, looked = looks(3.5, [])
    assert ticked == pytest.approx([0.0, 1.0, 2.0, 3.0])
    assert looked == []


def test_news_are_looked_at_at_once_and_ticks_go_on_in_their_time():
    ticked, looked = looks(2.5, [0.4, 1.7])
    assert ticked == pytest.approx([0.0, 1.0, 2.0])
    assert looked == pytest.approx([0.4, 1.7])


def test_news_right_after_a_look_wait_a_moment_and_are_not_forgotten():
    _, looked = looks(0.9, [0.4, 0.402, 0.404])
    assert looked == pytest.approx([0.4, 0.41])


def test_a_storm_of_news_leaves_most_of_the_time_to_others():
    ticked, looked = looks(2.95, [0.1 + 0.001 * number for number in range(2500)], look_takes_s=0.01)
    assert 40 <= len(looked) <= 75                    # a look of 10 ms, then a rest of 40 ms
    assert len(ticked) >= 3
