"""A forest of decision trees that was trained elsewhere: reading it, and asking it.

Plain arrays and no kernel: a start-up window comes when somebody switches something on, not with every reading.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forest:
    """Nodes of all trees one after another; the child for "not above" follows its node, ``above`` is the other.

    Attributes:
        features: what the columns of the input are called.
        classes: what the columns of the answer are called.
        roots: shape (trees,), int32.
        column: shape (nodes,), uint8, which feature is asked.
        threshold: shape (nodes,), float32, NaN at a leaf.
        above: shape (nodes,), int32; a leaf names itself.
        leaf: shape (nodes,), int32, row of ``shares`` at a leaf, else 0.
        shares: shape (different answers, classes), float32, rows sum to 1.
        trained_on: sha256 of the file that it was trained on.
        cases: uint64, digests of the single cases: asked about these a forest shows nothing of how good it is.
    """

    features: tuple[str, ...]
    classes: tuple[str, ...]
    roots: npt.NDArray[np.int32]
    column: npt.NDArray[np.uint8]
    threshold: npt.NDArray[np.float32]
    above: npt.NDArray[np.int32]
    leaf: npt.NDArray[np.int32]
    shares: npt.NDArray[np.float32]
    trained_on: str = ""
    cases: npt.NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))

    def __post_init__(self) -> None:
        nodes = len(self.column)
        if any(len(array) != nodes for array in (self.threshold, self.above, self.leaf)):
            raise ValueError("arrays of nodes differ in length")
        leaves = np.isnan(self.threshold)
        at = np.arange(nodes)
        if not (leaves[-1] and (self.above[leaves] == at[leaves]).all() and (self.above[~leaves] > at[~leaves]).all()):
            raise ValueError("a node must come before its children, a leaf name itself")
        if self.above.max() >= nodes or self.roots.min() < 0 or self.roots.max() >= nodes or self.column.max() >= len(self.features):
            raise ValueError("a node or a feature that does not exist is named")
        if self.shares.shape[1] != len(self.classes) or self.leaf.min() < 0 or self.leaf.max() >= len(self.shares):
            raise ValueError("answers do not fit the classes")

    def probabilities(self, features: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Mean over the trees of the share of each class in the leaf reached.

        Args:
            features: shape (n, len(self.features)), compared as float32; NaN counts as above every threshold.
        Returns:
            shape (n, len(self.classes)), rows sum to 1.
        Raises:
            ValueError: another number of columns.
        """
        if features.ndim != 2 or features.shape[1] != len(self.features):
            raise ValueError(f"expected {len(self.features)} columns, got an array of shape {features.shape}")
        asked = features.astype(np.float32)
        begins = (np.arange(len(asked)) * asked.shape[1])[:, np.newaxis]
        flat = asked.reshape(-1)
        node = np.repeat(self.roots[np.newaxis], len(asked), axis=0)
        while True:
            not_above = flat.take(begins + self.column.take(node)) <= self.threshold.take(node)
            following = np.where(not_above, node + 1, self.above.take(node))
            if (following == node).all():
                break
            node = following
        found: npt.NDArray[np.float64] = self.shares[self.leaf[node]].astype(np.float64).mean(axis=1)
        return found


def read_forest(path: Path) -> Forest:
    """What ``write_forest`` wrote. Raises ValueError or OSError where it is not that."""
    with np.load(path, allow_pickle=False) as stored:
        return Forest(
            features=tuple(stored["features"].tolist()), classes=tuple(stored["classes"].tolist()), trained_on=str(stored["trained_on"]),
            **{name: stored[name] for name in _ARRAYS},
        )


def write_forest(path: Path, forest: Forest) -> None:
    np.savez_compressed(
        path, features=np.array(forest.features), classes=np.array(forest.classes), trained_on=np.array(forest.trained_on),
        **{name: getattr(forest, name) for name in _ARRAYS},
    )


_ARRAYS = ("roots", "column", "threshold", "above", "leaf", "shares", "cases")
