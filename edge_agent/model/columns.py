"""The columns of samples and frames, in the order of the quantity list."""

from firmware_profiles.quantities import COLUMN_INDEX, COLUMNS

N_COLUMNS = len(COLUMNS)

__all__ = ["COLUMNS", "COLUMN_INDEX", "N_COLUMNS"]
