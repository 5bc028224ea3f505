"""What kind of module a simulated CCO is: who made it, what it allows, how patient it is.

Marks as in the module files: [S4] Q/GDW 10376.2-2024, [O3] seen in concentrator software, [M] recalled, [I] chosen by us.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edge_agent.wire.gdw10376_2.units import VendorInfo
from firmware_profiles.modules import OutageCoordinator


@dataclass(frozen=True, slots=True, kw_only=True)
class CcoProfile:
    """Times in seconds. ``supply``: gathering and memory of outage reports, from the module family's file.

    ``cycle_reading``: 1 concentrator-led, 2 router-led, 3 both. ``confirms_old_form``: 00H F1 of 2 + 2 bytes, as before the 2019 text.
    ``denies_known_nodes``: an archived address in 11H F1 is refused with reason 6, and with it the whole list.
    ``reads_wait_s``: a read that is not answered by then is sent again, so much longer for each level and each meter frame.
    """

    supply: OutageCoordinator
    vendor: VendorInfo = field(default_factory=lambda: VendorInfo(vendor="SM", chip="01", date="260101", version="0100"))
    max_nodes: int = 1015                   # [S4] TEIs end there
    max_concurrent: int = 20                # [O3]
    max_meter_frames: int = 13              # [M] in one F1H F1
    cycle_reading: int = 1                  # [I]
    confirms_old_form: bool = False
    denies_known_nodes: bool = True         # [I] the table has the reason, the text no rule
    first_page_node: int = 1                # [I] 10H F2: a capture counts from 0
    allows_events_after_reset: bool = True  # [I] until 05H F2 says otherwise
    slave_timeout_s: int = 90               # [S4] annex A.4
    broadcast_timeout_s: int = 60           # [I]
    answer_delay_s: float = 0.02            # [I] "direct commands answer within 6 s"
    boot_s: float = 3.0                     # [I] deaf after a reset
    own_report_s: float = 10.0              # [I] 03H F10 after a reset: "within 1 min"
    report_repeat_s: float = 6.0            # [I] a report without confirm goes out again
    own_report_tries: int = 5               # [I] of 03H F10; the others go on until they are confirmed
    reads_wait_s: float = 8.0               # [I]
    reads_wait_per_level_s: float = 2.0     # [I]
    reads_wait_per_frame_s: float = 0.6     # [I] a meter of 2400 baud takes about so long for one of several frames
    reads_tries: int = 4                    # [I] within the slave time-out
    hop_broadcast_s: float = 1.0            # [I] what a broadcast takes on each level, for 03H F9 and the wait of 05H F3
    search_repeat_s: float = 30.0           # [I] stations are asked again for their meters
    search_slots: int = 20                  # [I] of 150 ms, where 11H F5 says 0
    search_nodes: int = 8                   # [I] in one 06H F4
    search_tells_devices: bool = True       # [S4] 06H F4; other modules name what a search finds by 06H F1
    content_wait_s: float = 6.0             # [I] for an answer to 14H F1, as for direct commands
    content_tries: int = 3                  # [I] then the next node
    area_identification_s: float = 120.0    # [I] then 06H F3 says that it is done
    archive_settles_s: float = 3.0          # [I] no change of the archive for this long: it becomes the white list
    line_silence_s: float = 0.5             # [I] gap within a frame on the UART after which its start was false
    protocol_date: str = "240101"
    filing_date: str = "240101"
    max_frame_bytes: int = 2048             # [I]
    module_id: bytes = b"\x00"              # binary 00: not supported

    @property
    def reads_by_router(self) -> bool:
        """Whether the router runs a cycle of its own."""
        return bool(self.cycle_reading & 2)
