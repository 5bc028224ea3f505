"""When the agent looks at its area: every ``tick_s``, and at once when there is news of supply."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from edge_agent.model import Clock

_APART_S = 0.01          # what one frame of a coordinator brings is looked at together
_REST_SHARE = 4.0        # times what the last look took: a storm of news takes a fifth of one core, also of a slow one


class Ticker:
    """``tick`` looks at everything, ``look`` at supply alone."""

    def __init__(self, tick: Callable[[], None], look: Callable[[], None], clock: Clock, tick_s: float) -> None:
        self._tick, self._look, self._clock, self._tick_s = tick, look, clock, tick_s
        self._news = asyncio.Event()

    def has_news(self) -> None:
        """Something about supply has come that is to be looked at before the next tick."""
        self._news.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            next_s = self._clock.monotonic_s() + self._tick_s
            self._news.clear()
            self._tick()
            await self._clock.sleep(min(self._tick_s, _APART_S))
            while (left_s := next_s - self._clock.monotonic_s()) > 0.0:
                if not await self._news_within(left_s):
                    break
                began_s = self._clock.monotonic_s()
                self._news.clear()
                self._look()
                took_s = self._clock.monotonic_s() - began_s
                await self._clock.sleep(min(self._tick_s, max(_APART_S, _REST_SHARE * took_s)))

    async def _news_within(self, seconds: float) -> bool:
        waits = asyncio.create_task(self._clock.sleep(seconds)), asyncio.create_task(self._news.wait())
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        return self._news.is_set()
