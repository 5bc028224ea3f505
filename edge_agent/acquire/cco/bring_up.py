"""What is said to a module before meters are read through it: who it is, whose area this is, its archive, what it can. Pure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass

from edge_agent.acquire.cco.archive_sync import SyncResult, sync_archive
from edge_agent.acquire.cco.settings import CcoSettings
from edge_agent.acquire.cco.talk import Answer, Pause, Script
from edge_agent.wire.gdw10376_2 import units
from edge_agent.wire.gdw10376_2.units import RunMode, Unit, commands, reading, settings

_NO_ADDRESS = "000000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """What is known of the module once it is ready."""

    run_mode: RunMode
    main_address: str
    reads_concurrently: bool           # F1H F1; otherwise 13H F1, one meter at a time
    archive: SyncResult
    changed_speed: bool = False        # it now speaks at the other speed: nothing else was asked

    @property
    def name(self) -> str:
        vendor = self.run_mode.vendor
        return f"{vendor.vendor} {vendor.chip} version {vendor.version}"


def bring_up(
    wanted: Mapping[str, int], options: CcoSettings, done: Callable[[Module | None], None], *, speed_baud: int | None = None
) -> Script:
    """``done`` is given the module, or None when it did not answer.

    Args:
        wanted: address -> protocol of the meters of the archive.
        speed_baud: where given, the module is only told to go on at this speed.
    """
    answer = yield units.Command(code=commands.QUERY_RUN_MODE)
    mode = answer.unit
    if not isinstance(mode, RunMode):
        done(None)
        return
    main_address = options.main_address or mode.main_address
    if speed_baud is not None:
        changed = yield units.SerialSpeed(baud=speed_baud)
        if changed.is_confirmed:
            done(_module(mode, main_address, changed_speed=True))
            return
    if options.main_address and options.main_address != mode.main_address:
        yield units.MainAddress(main_address=main_address, code=settings.SET_MAIN_ADDRESS)
    archive = yield from sync_archive(wanted)
    yield units.Permission(code=settings.ALLOW_EVENTS, allowed=True)
    yield units.Permission(code=settings.ALLOW_REFUSED_NODES, allowed=options.report_refused_nodes)
    reads_concurrently = yield from _knows_concurrent_reads()
    if not reads_concurrently:
        yield from stop_route()
    done(_module(mode, main_address, archive=archive, reads_concurrently=reads_concurrently))


def stop_route() -> Generator[Unit | Pause, Answer, None]:
    """13H reads need the route paused: the router reads by itself otherwise."""
    yield units.Command(code=commands.ROUTE_PAUSE)


def _knows_concurrent_reads() -> Generator[Unit | Pause, Answer, bool]:
    """A module that does not say is taken to know them: it will deny."""
    answer = yield units.FunctionsQuery(asked_afn=reading.CONCURRENT_READ.afn)
    if not isinstance(answer.unit, units.Functions) or answer.unit.asked_afn != reading.CONCURRENT_READ.afn:
        return True
    return reading.CONCURRENT_READ.fn in answer.unit.functions


def _module(
    mode: RunMode, main_address: str, *, archive: SyncResult | None = None, reads_concurrently: bool = True, changed_speed: bool = False
) -> Module:
    return Module(
        run_mode=mode, main_address=main_address or _NO_ADDRESS, reads_concurrently=reads_concurrently,
        archive=archive or SyncResult(is_same=False), changed_speed=changed_speed,
    )
