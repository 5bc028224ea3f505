"""The cabinets are hot in the afternoon and some customers draw near their rating then; a meter does not measure its air."""

from edge_agent.model import Archive
from tests.detect.areas import archive as plain_archive

SETTINGS: dict = {}
STEPS, STEP_S, SAVE_EVERY = 288, 300.0, 7


def archive(n: int) -> Archive:
    return plain_archive(n)


def answer(index: int, step: int, *, is_troubled: bool) -> dict[str, float] | None:
    if (step + index) % 19 == 0:
        return {}
    if 200 <= step < 204:
        return None
    is_hot = is_troubled and index % 2 == 0 and (60 <= step < 120 or 180 <= step < 240)
    columns = {"current_a__a": 59.0 if is_hot else 20.0, "ambient_temperature_cel": 48.0 if is_hot else 31.0}
    return {"current_a__a": 59.0} if index == 3 else columns
