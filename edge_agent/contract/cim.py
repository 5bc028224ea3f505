"""What the fields of an event are called in CIM, for back ends that speak IEC 61968.

Source: class ``Outage`` and its heirs as published in TC57 CIM100 profiles (outage.md section 6; github.com/3lbits/NoCIMExtensions,
profile Outage). The standards themselves are not open: names marked "extension" have no attribute there and need one of your own.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# field of EventBody -> path of CIM names; a point steps from a class to its attribute, an arrow to an associated class
CIM_NAMES: Mapping[str, str] = MappingProxyType({
    "event_id": "IdentifiedObject.mRID",
    "revision": "Document.revisionNumber",
    "kind": "Document.type",
    "state": "Outage.statusKind (OutageStatusKind, see CIM_STATES)",
    "verified": "Outage.statusKind: predicted while false",
    "node_id": "Outage -> Equipment.IdentifiedObject.name",
    "node_path": "Outage.communityDescriptor",
    "phases": "Outage -> Fault.phases",
    "begin": "Outage.actualPeriod.start",
    "end": "Outage.actualPeriod.end",
    "first_evidence": "UnplannedOutage.reportedStartTime",
    "published": "Document.lastModifiedDateTime",
    "customers_served": "Outage.originalCustomersServed",
    "customers_restored": "Outage.customersRestored",
    "meters_affected": "Outage.metersAffected",
    "original_meters_affected": "Outage.originalMetersAffected",
    "meters": "Outage -> UsagePoint (DeEnergizedUsagePoint)",
    "cause_kind": "UnplannedOutage.causeKind, PlannedOutage.reason",
    "work": "PlannedOutage -> OutagePlan.mRID",
    "reason": "Document.comment",
    "priority": "Outage -> Incident -> TroubleTicket.priority",
    "location": "Outage -> Incident -> Location (mainAddress, PositionPoint.xPosition = lon, .yPosition = lat)",
    "dispatch": "UnplannedOutage -> TroubleOrder -> FieldDispatchHistory -> FieldDispatchStep (dispatchStatus, occurredDateTime)",
    "sentence_en": "IdentifiedObject.description",
    "incident": "Outage -> Incident.mRID",
    "confidence": "extension",
    "runner_up": "extension",
    "odds": "extension",
    "scope_ambiguous_with": "extension",
    "disagreeing": "extension",
    "precursors": "extension",
    "parent_id": "extension",
    "children": "extension",
    "supersedes": "extension",
})

# state of ours -> literal of OutageStatusKind; a discarded event is an Outage with Document.docStatus "cancelled"
CIM_STATES: Mapping[str, str] = MappingProxyType({
    "suspected": "predicted", "confirmed": "confirmed", "localised": "confirmed", "partial": "partiallyRestored", "restored": "restored",
    "closed": "closed",
})
