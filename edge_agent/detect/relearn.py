"""What a detector has that can be told to start anew for some meters: a meter was changed, an installation mended, an alarm looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class Relearns(Protocol):
    def relearn(self, meters: Sequence[int]) -> None:
        """Forget what was learned of these meters (archive indices); what is on of theirs ends with a finding at the next update."""
        ...
