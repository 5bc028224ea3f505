"""The types that pass between stages: samples, the area frame, findings, evidence, who is where."""

from edge_agent.model.archive import Archive, Meter, Role
from edge_agent.model.area_frame import AreaFrame
from edge_agent.model.clock import Clock
from edge_agent.model.columns import COLUMN_INDEX, COLUMNS, N_COLUMNS
from edge_agent.model.evidence import Evidence, EvidenceKind
from edge_agent.model.finding import Finding, Outage, Place, Stage
from edge_agent.model.sample import Sample, SampleFlag, TimeSource
from edge_agent.model.site import PlannedWork, Site, Sites, Ticket, WorkBook
from edge_agent.model.transformer import Transformer
from edge_agent.model.waveform import Waveform

__all__ = [
    "COLUMNS", "COLUMN_INDEX", "N_COLUMNS", "Archive", "AreaFrame", "Clock", "Evidence", "EvidenceKind", "Finding", "Meter", "Outage",
    "Place", "PlannedWork", "Role", "Sample", "SampleFlag", "Site", "Sites", "Stage", "Ticket", "TimeSource", "Transformer", "Waveform",
    "WorkBook",
]
