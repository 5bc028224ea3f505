"""Settings of reading through a coordinator, and what it counts beyond a plain bus."""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.acquire.settings import BusCounters
from edge_agent.wire.gdw10376_2 import units

GDW10376_2 = "gdw10376.2"             # name of the protocol of a bus
_NO_ADDRESS = "000000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class CcoSettings:
    """Times are wire times in real seconds, but for those that end in ``_clock_s``: those are on the clock of the schedule.

    Defaults from Q/GDW 10376.2-2024 where a clause is named, else from what concentrators in the field do (sheet hplc 4.6, 1.13).
    """

    main_address: str = ""               # of the main node, 12 digits; "" takes the one that the module has
    max_in_flight: int = 20              # reads under way at once; common cap of modules
    frames_per_read: int = 13            # DL/T 645 frames in one F1H F1; recalled as the usual limit, not verified
    read_timeout_s: float = 90.0         # annex A.4 c); 59 to 99 s in the field
    read_retries: int = 1                # of a failed read, before the meter counts as not answering
    retry_pause_s: float = 2.0
    patience_s: float = 25.0             # of a meter that was asked for out of turn: each such time without an answer is told as one poll
                                         # that failed; the module repeats a read every 10 to 20 s and gives up only after read_timeout_s
    busy_rest_s: float = 60.0            # a meter that the module is already reading (deny 111) is left alone so long
    command_timeout_s: float = 6.0       # section 4.1: direct commands answer within 6 s
    command_tries: int = 3
    report_wait_s: float = 5.0           # after opening: a module that was just started reports by itself
    start_wait_s: float = 60.0           # and does so within 1 min
    quiet_s: float = 300.0               # annex A: silent for 5 min, then ask 03H F1
    quiet_reading_s: float = 20.0        # the same while reads are under way: a dead module must show before meters are blamed
    dedup_clock_s: float = 300.0         # a report that comes again within this time of the last one is a repeat; relays span 2 min,
                                         # coordinators forget after 90 s to 4 min
    audit_clock_s: float = 900.0         # how often the size of the module's archive is checked
    survey_clock_s: float = 900.0        # how often topology and phases are read; 0 = never
    outage_records: bool = True          # of a meter that was silent and answers again its last power-down record is read
    meter_utc_offset_h: float = 8.0      # of the meters' clocks, for that
    report_refused_nodes: bool = True
    search_clock_s: float = 0.0          # how often to search for meters that no archive names; 0 = only when asked: meanwhile the
                                         # network is open to everybody, meters of the next area too
    search_min: int = 10                 # how long one search lasts

    def __post_init__(self) -> None:
        if self.main_address and (len(self.main_address) != 12 or not self.main_address.isdecimal() or self.main_address == _NO_ADDRESS):
            raise ValueError(f"main_address = {self.main_address!r}: twelve digits in quotes, not all zeros; or leave it out")
        if not 1 <= self.max_in_flight <= 100 or not 1 <= self.frames_per_read <= 32:
            raise ValueError("max_in_flight must be 1 to 100, frames_per_read 1 to 32")
        if not 10 <= self.read_timeout_s <= units.reading.MONITOR_TIMEOUT_S * 4:
            raise ValueError("read_timeout_s must be 10 to 360; 59 to 99 s are usual")
        if not 0 <= self.read_retries <= 5 or not 1 <= self.command_tries <= 10:
            raise ValueError("read_retries must be 0 to 5, command_tries 1 to 10")
        if self.dedup_clock_s < 120:
            raise ValueError("dedup_clock_s must be at least 120: relays and repeats of one outage span 2 min")
        if self.survey_clock_s != 0 and self.survey_clock_s < 60:
            raise ValueError("survey_clock_s must be at least 60, or 0 for never")
        if self.search_clock_s != 0 and self.search_clock_s < 3600:
            raise ValueError("search_clock_s must be at least 3600, or 0 for never: a search opens the network to everybody")
        if not 1 <= self.search_min <= 1440:
            raise ValueError("search_min must be 1 to 1440")
        if not -12 <= self.meter_utc_offset_h <= 14:
            raise ValueError("meter_utc_offset_h must be -12 to 14; China has 8")
        if self.patience_s <= 0:
            raise ValueError("patience_s must be above 0")
        waits_s = (self.retry_pause_s, self.busy_rest_s, self.command_timeout_s, self.report_wait_s, self.start_wait_s, self.quiet_s)
        if min(*waits_s, self.quiet_reading_s, self.audit_clock_s) <= 0:
            raise ValueError("times must be above 0")
        if self.quiet_reading_s + self.command_tries * self.command_timeout_s >= self.read_timeout_s:
            raise ValueError(
                "quiet_reading_s + command_tries * command_timeout_s must be below read_timeout_s: dead module, not dead meters"
            )


@dataclass(slots=True)
class CcoCounters(BusCounters):
    """``requests`` counts reads, parts of long ones too; ``foreign_frames`` intact frames that answer nothing that is asked."""

    in_flight: int = 0             # reads under way now
    window: int = 0                # how many may be
    denies: int = 0
    commands: int = 0              # sent to the module itself
    commands_unanswered: int = 0
    module_starts: int = 0         # reports of the module that it was reset
    module_losses: int = 0         # times it stopped answering
    archive_changes: int = 0       # meters added to and deleted from its archive
    searches: int = 0              # for unknown meters, that the module began
    reports: int = 0               # what it told by itself
    repeated_reports: int = 0      # of one fact that was told already
    unknown_addresses: int = 0     # in reports about supply or area
    bad_data: int = 0              # good frames whose data is of no known layout
