"""The few errors of hplc-edge: one per decision that a caller can take."""


class HplcEdgeError(Exception):
    """Base; never raised itself."""


class ConfigError(HplcEdgeError):
    """Wrong configuration or input file: stop and show every problem. ``problems`` holds one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class LinkError(HplcEdgeError):
    """A port, socket or broker failed or timed out: retry as its protocol says."""


class FrameError(HplcEdgeError):
    """Bytes that are no valid frame: count, go on."""


class MeterRefused(HplcEdgeError):
    """The meter answered with an exception code: skip this point. ``code`` is the Modbus exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"meter refused: Modbus exception {code}")
        self.code = code


class OutboxFull(HplcEdgeError):
    """The journal can take no more of this stream."""
