"""What the package promises."""

from __future__ import annotations

from simulator.hplc import cco


def test_the_package_offers_just_this():
    assert cco.__all__ == [
        "Arrived", "CarrierNetwork", "Cco", "CcoMisbehaviour", "CcoProfile", "Member", "MeterStation", "NetworkCarrier", "StationNode",
        "StationPort", "StationSettings",
    ]
    assert all(hasattr(cco, name) for name in cco.__all__)
