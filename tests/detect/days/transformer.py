"""The transformer is loaded heavily, then too much, then far too much and rests, twice; meter 0 is at the transformer."""

from dataclasses import replace

from edge_agent.model import Archive, Role, Transformer
from tests.detect.areas import archive as plain_archive

SETTINGS: dict = {}
STEPS, STEP_S, SAVE_EVERY = 480, 180.0, 11     # a day
RATED_A = 400_000.0 / 660.0


def archive(n: int) -> Archive:
    plain = plain_archive(n)
    at_transformer = replace(plain.meters[0], role=Role.AREA, phases="abc", grid_phases="abc", rated_current_a=None)
    return Archive("area-1", (at_transformer, *plain.meters[1:]), transformer=Transformer(rated_kva=400.0))


def load_pu(step: int) -> float:
    part = step % 240 // 20
    return (0.5, 0.9, 0.9, 0.9, 1.1, 1.1, 1.1, 1.7, 1.7, 0.85, 0.3, 0.3)[part]


def answer(index: int, step: int, *, is_troubled: bool) -> dict[str, float] | None:
    if index:
        return {"voltage_v__a": 221.0, "current_a__a": 8.0}
    if step % 17 == 5:
        return {}
    if 300 <= step < 303:
        return None
    load_a = RATED_A * (load_pu(step) if is_troubled else 0.4)
    return {"current_a__a": load_a * 1.1, "current_a__b": load_a, "current_a__c": load_a * 0.9, "ambient_temperature_cel": 28.0}
