"""The day of the broken neutrals: one phase behind them is above 263 V."""

from tests.detect.days.open_neutral import STEP_S, STEPS, answer, archive

SETTINGS: dict = {}
SAVE_EVERY = 7

__all__ = ["SAVE_EVERY", "SETTINGS", "STEPS", "STEP_S", "answer", "archive"]
