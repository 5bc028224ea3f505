"""Reads that the concentrator asks for (02H, 13H, F1H) and what it is told when they end."""

from __future__ import annotations

from edge_agent.wire.dlt645 import Decoder645, Direction
from edge_agent.wire.gdw10376_2 import DenyReason, Frame10376, MeterProtocol, deny, units
from edge_agent.wire.gdw10376_2.units import reading
from edge_agent.wire.gdw10376_2.units.unit import Unit
from simulator.hplc.cco.core import Core
from simulator.hplc.cco.messages import LONGEST_DATA_BYTES
from simulator.hplc.cco.reads import Outcome, ReadJob, ReadKind, ReadResult

ReadUnit = units.ConcurrentRequest | units.MonitorRequest | units.Forward
_LONGEST_BLOCK = 255        # of 02H F1 and 13H F1
_NO_ANSWER = {Outcome.METER_SILENT: DenyReason.METER_DOES_NOT_REPLY, Outcome.STATION_SILENT: DenyReason.SLAVE_DOES_NOT_REPLY}
_DLT645 = (MeterProtocol.DLT645_1997, MeterProtocol.DLT645_2007)


def begin_read(core: Core, frame: Frame10376, unit: Unit, now_s: float) -> DenyReason | None:
    """Begin what ``unit`` asks for; None when it has begun, else why not."""
    assert isinstance(unit, ReadUnit)
    if frame.addresses is None:
        return DenyReason.WRONG_FORMAT
    meter = frame.addresses.destination
    kind = _kind(unit)
    refusal = _refusal(core, kind, meter, unit)
    if refusal is None:
        core.reads.start(ReadJob(
            kind=kind, meter=meter, protocol=unit.protocol, payload=unit.payload, request=frame,
            frames=meter_frames(unit.protocol, unit.payload),
        ), now_s)
    return refusal


def end_read(core: Core, result: ReadResult, now_s: float) -> None:
    """Tell the concentrator how a read ended."""
    job = result.job
    if job.request is None:
        core.cycle.end_read(result.outcome is Outcome.ANSWERED)
        if result.outcome is Outcome.ANSWERED and len(result.payload) <= _LONGEST_BLOCK:
            core.reports.add(units.ReadReport(
                index=core.archive.index(job.meter), protocol=job.protocol, uplink_s=round(result.uplink_s), payload=result.payload,
            ), now_s)
    elif job.kind is ReadKind.CONCURRENT:
        core.answer(job.request, units.ConcurrentReply(protocol=job.protocol, payload=result.payload), now_s)
    elif result.outcome is not Outcome.ANSWERED:
        core.send(deny(job.request, _NO_ANSWER[result.outcome]), now_s)
    elif len(result.payload) > _LONGEST_BLOCK and job.request.code != reading.MONITOR_LONG:
        core.send(deny(job.request, DenyReason.WRONG_LENGTH), now_s)
    elif job.kind is ReadKind.MONITOR:
        core.answer(job.request, units.MonitorReply(
            protocol=job.protocol, payload=result.payload, uplink_s=round(result.uplink_s), code=job.request.code,
        ), now_s)
    else:
        core.answer(job.request, units.Forward(protocol=job.protocol, payload=result.payload), now_s)


def _kind(unit: Unit) -> ReadKind:
    if isinstance(unit, units.ConcurrentRequest):
        return ReadKind.CONCURRENT
    return ReadKind.MONITOR if isinstance(unit, units.MonitorRequest) else ReadKind.FORWARD


def _refusal(core: Core, kind: ReadKind, meter: str, unit: ReadUnit) -> DenyReason | None:
    profile, is_concurrent = core.profile, kind is ReadKind.CONCURRENT
    if meter not in core.archive:
        return DenyReason.NO_SUCH_ADDRESS
    if not unit.payload or len(unit.payload) > LONGEST_DATA_BYTES:
        return DenyReason.WRONG_LENGTH
    if unit.protocol not in tuple(MeterProtocol):
        return DenyReason.BAD_DATA_UNIT
    if is_concurrent and meter_frames(unit.protocol, unit.payload) > profile.max_meter_frames:
        return DenyReason.TOO_MANY_METER_FRAMES
    if core.reads.is_reading(meter):
        return DenyReason.ALREADY_READING if is_concurrent else DenyReason.MAIN_NODE_BUSY
    if is_concurrent and core.reads.count(ReadKind.CONCURRENT) >= profile.max_concurrent:
        return DenyReason.OVER_CONCURRENCY
    if not is_concurrent and core.reads.count(ReadKind.MONITOR) + core.reads.count(ReadKind.FORWARD) > 0:
        return DenyReason.MAIN_NODE_BUSY
    if core.carrier.member(meter) is None:
        return DenyReason.SLAVE_NOT_IN_NETWORK
    return None


def meter_frames(protocol: int, payload: bytes) -> int:
    """How many DL/T 645 requests ``payload`` holds; anything else counts as one."""
    if protocol not in _DLT645:
        return 1
    decoder = Decoder645(accepts=Direction.REQUEST)
    decoder.feed(payload)
    count = 0
    while decoder.next_frame() is not None:
        count += 1
    return count
