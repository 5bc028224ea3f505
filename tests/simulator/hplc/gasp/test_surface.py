"""What others may rely on."""

from __future__ import annotations

from simulator.hplc import gasp


def test_the_package_promises_these_names() -> None:
    assert gasp.__all__ == [
        "CcoGathering", "FaultClass", "OutageListener", "OutageReport", "OutageStation", "ReportKind", "attach_stations", "dark_meters",
        "draw_fault", "draw_hold_s",
    ]
    assert all(hasattr(gasp, name) for name in gasp.__all__)
