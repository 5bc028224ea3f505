"""What households draw: recordings replayed, offset and added up."""

from simulator.load.recording import Recording, RecordingError, Row, load_recording
from simulator.load.sources import ClockedSource, Source, SteppedSource, SummedSource

__all__ = ["ClockedSource", "Recording", "RecordingError", "Row", "Source", "SteppedSource", "SummedSource", "load_recording"]
