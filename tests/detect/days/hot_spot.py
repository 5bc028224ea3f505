"""The day of ``transformer``: phase a carries more than the others."""

from tests.detect.days.transformer import SAVE_EVERY, SETTINGS, STEP_S, STEPS, answer, archive

__all__ = ["SAVE_EVERY", "SETTINGS", "STEPS", "STEP_S", "answer", "archive"]
