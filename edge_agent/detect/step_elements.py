"""Where an area's powers are looked at: the total and each phase of every meter, one element each, as the frame has them side by side."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge_agent.model import COLUMN_INDEX, Archive, AreaFrame, Meter, Place, Role
from edge_agent.model.area_frame import NEVER

ROWS = 4                                    # total, a, b, c
_PHASES = ("", "a", "b", "c")
_POWER = COLUMN_INDEX["active_power_w"]
_REACTIVE = COLUMN_INDEX["reactive_power_var"]
_VOLTAGE = COLUMN_INDEX["voltage_v"]


class Elements:
    """Element ``row * n + meter``. A phase counts where the meter has it, the total only where the meter has given no phase power yet.

    The meter at the transformer is none: it sees every load of the area at once.
    """

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.n_meters = len(archive.meters)
        self.count = ROWS * self.n_meters
        self._is_customer = np.array([meter.role is Role.CUSTOMER for meter in archive.meters], dtype=bool)
        self._has_phase = np.array([[phase in meter.phases for meter in archive.meters] for phase in _PHASES[1:]], dtype=bool)
        self._gave_phase = np.zeros(self.n_meters, dtype=bool)
        self.judged = np.zeros(self.count, dtype=np.int8)
        self.version = 0        # counts the changes of ``judged``
        self._judge()

    def look(self, frame: AreaFrame) -> None:
        """Bring ``judged`` up to date."""
        given = (frame.taken_utc_ms[_POWER + 1 : _POWER + ROWS] != NEVER) & self._has_phase
        gave_phase = given.any(axis=0)
        if np.array_equal(gave_phase, self._gave_phase):
            return
        self._gave_phase = gave_phase
        self._judge()

    def _judge(self) -> None:
        self.version += 1
        judged = self.judged.reshape(ROWS, self.n_meters)
        judged[0] = ~self._gave_phase & self._is_customer
        judged[1:] = self._has_phase & self._gave_phase & self._is_customer

    def power_w(self, frame: AreaFrame) -> npt.NDArray[np.float64]:
        return frame.values[_POWER : _POWER + ROWS].reshape(-1)

    def reactive_var(self, frame: AreaFrame) -> npt.NDArray[np.float64]:
        return frame.values[_REACTIVE : _REACTIVE + ROWS].reshape(-1)

    def voltage_v(self, frame: AreaFrame) -> npt.NDArray[np.float64]:
        return frame.values[_VOLTAGE : _VOLTAGE + ROWS].reshape(-1)

    def taken_ms(self, frame: AreaFrame) -> npt.NDArray[np.int64]:
        return frame.taken_utc_ms[_POWER : _POWER + ROWS].reshape(-1)

    def meter(self, element: int) -> Meter:
        return self.archive.meters[element % self.n_meters]

    def place(self, element: int) -> Place:
        return Place(kind="meter", id=self.meter(element).id, phases=_PHASES[element // self.n_meters])

    def of_meter(self, index: int) -> range:
        """The elements of a meter."""
        return range(index, self.count, self.n_meters)
