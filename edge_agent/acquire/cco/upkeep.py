"""What is said to a module that works, besides reading: is it alive, has it its archive, what time is it. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping

from edge_agent.acquire.cco.archive_sync import SyncResult, count_nodes, sync_archive
from edge_agent.acquire.cco.talk import Pause, Script
from edge_agent.errors import FrameError
from edge_agent.wire.dlt645 import BROADCAST, Frame645, encode, parse_request, request_frame
from edge_agent.wire.dlt645.requests import BroadcastTime
from edge_agent.wire.gdw10376_2 import MeterProtocol, units
from edge_agent.wire.gdw10376_2.units import commands

_SEARCH_SLOTS = 20        # of 150 ms, over which the answers of stations spread; the text leaves the number to the concentrator


def ask_whether_alive(done: Callable[[bool], None]) -> Script:
    """03H F1, the question for a silent module (annex A)."""
    answer = yield units.Command(code=commands.QUERY_VENDOR)
    done(not answer.is_silence)


def audit_archive(wanted: Mapping[str, int], done: Callable[[SyncResult], None], *, compares: bool) -> Script:
    """Count the nodes and put right what differs; ``compares`` node by node even where the count fits."""
    total = yield from count_nodes()
    if total == len(wanted) and not compares:
        done(SyncResult(is_same=True))
        return
    done((yield from sync_archive(wanted)))


def begin_search(minutes: int, done: Callable[[bool], None]) -> Script:
    """11H F5 behind a paused route (section 4.6): everybody may join, stations tell their meters, the module reports them."""
    yield units.Command(code=commands.ROUTE_PAUSE)
    answer = yield units.StartRegistration(minutes=minutes, repeats=1, slots=_SEARCH_SLOTS)
    done(answer.is_confirmed)


def end_search(wanted: Mapping[str, int], done: Callable[[SyncResult], None], *, stops: bool, resumes_route: bool) -> Script:
    """``stops`` a search whose end was not reported. Modules may have put what they found into their archive: compare it."""
    if stops:
        yield units.Command(code=commands.STOP_REGISTRATION)
    if resumes_route:
        yield units.Command(code=commands.ROUTE_RESUME)
    done((yield from sync_archive(wanted)))


def set_clocks(frame: Frame645, utc_ms: Callable[[], int]) -> Script:
    """Broadcast the time of ``frame``, moved on by what asking and the broadcast itself take; then leave the network alone."""
    began_ms = utc_ms()
    protocol = MeterProtocol.DLT645_2007
    answer = yield units.BroadcastDelayQuery(protocol=protocol, payload=encode(frame))
    delay_s = answer.unit.delay_s if isinstance(answer.unit, units.BroadcastDelay) else 0
    shift = datetime.timedelta(milliseconds=utc_ms() - began_ms + 1000 * delay_s)
    confirmed = yield units.Broadcast(control=protocol, payload=encode(_moved(frame, shift)))
    if isinstance(confirmed.unit, units.Confirm) and confirmed.unit.wait_s:
        yield Pause(confirmed.unit.wait_s)


def _moved(frame: Frame645, shift: datetime.timedelta) -> Frame645:
    try:
        asked = parse_request(frame)
    except FrameError:
        return frame
    if not isinstance(asked, BroadcastTime):
        return frame
    time = (asked.time + shift).replace(microsecond=0)
    return request_frame(BROADCAST, BroadcastTime(time=time))
