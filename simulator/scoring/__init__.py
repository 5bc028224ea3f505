"""What the agent said beside what really happened."""

from simulator.scoring.outages import OutageScore, score_outages

__all__ = ["OutageScore", "score_outages"]
