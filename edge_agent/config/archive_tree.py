"""From the ways in which an archive names places to paths: a path itself, columns feeder, branch and box, or each node with its parent."""

from __future__ import annotations

import re
from collections.abc import Mapping

from edge_agent.config.archive_rows import COLUMN_LEVELS, Row, Rows
from edge_agent.model.archive import node_and_parents

_PATH = re.compile(r"[^/\s]+(/[^/\s]+)*")
_MOST_LEVELS = 8           # area, feeder, branch, box need three: what is deeper is a mistake


class Tree:
    """``path_of`` tells where a row is; problems with it are told once, by whoever asks first."""

    def __init__(self, rows: Rows, problems: list[str]) -> None:
        self._problems = problems
        self._parents: dict[str, str] = {}                  # where nodes name their parents
        self._paths: dict[str, str] = {}                    # of those that hang on something
        self._columns: dict[str, tuple[str, str]] = {}      # box or branch of a column -> what it hangs on, and where that was said
        self._has_parents = rows.has_parents
        self.declared: dict[str, str] = {}                  # path of each node that has a row -> where
        if rows.has_parents:
            self._resolve_parents(rows)

    def path_of(self, row: Row) -> str | None:
        """"" = not said, or the area; None = wrong, and told."""
        try:
            if any(level in row.place for level in COLUMN_LEVELS):
                return self._of_columns(row)
            return self._of_parents(row) if self._has_parents else _of_path(row)
        except ValueError as exc:
            self._tell(row, str(exc))
            return None

    def declare(self, row: Row, path: str) -> None:
        """A row of a node: each comes once. Of nodes that name their parents that has been told."""
        if path in self.declared and not (path and self._has_parents):
            self._tell(row, f"{_named(path)} is also {self.declared[path]}; each has one row")
        self.declared.setdefault(path, row.where)

    def orphans(self, fed: set[str]) -> None:
        """Where nodes are paths: a row of a node whose parent neither feeds a meter nor has a row is a slip of the pen."""
        known = {"", *self.declared}.union(*(node_and_parents(path) for path in fed))
        for path, where in self.declared.items():
            parent = path.rpartition("/")[0]
            if parent not in known and path not in fed:
                self._problems.append(f"{where}: node {path!r} hangs on {parent!r}, which feeds no meter and has no row")

    def _tell(self, row: Row, problem: str) -> None:
        self._problems.append(f"{row.where}: {problem}")

    def _of_parents(self, row: Row) -> str | None:
        node = row.place.get("node", "")
        if row.id and "parent" in row.place:
            raise ValueError(f"parent = {row.place['parent']!r}: a meter hangs on a node: name it in the column node")
        if "parent" in row.place and not node:
            raise ValueError("parent without node")
        if node and node not in self._parents:
            raise ValueError(f"node {node!r} does not exist")
        return self._paths.get(node) if node else ""     # no path: what is wrong above it has been told

    def _of_columns(self, row: Row) -> str:
        place = row.place
        if "node" in place or "parent" in place:
            raise ValueError("a place is named by node or by feeder, branch and box, not by both")
        parts = [(level, place[level]) for level in COLUMN_LEVELS if level in place]
        if parts[0][0] != "feeder":
            raise ValueError(f"{parts[0][0]} {parts[0][1]!r} without a feeder")
        if any(not _PATH.fullmatch(name) or "/" in name for _, name in parts):
            raise ValueError("feeder, branch and box are names without '/' and blanks")
        above = parts[0][1]
        for level, name in parts[1:]:
            first, where = self._columns.setdefault(f"{level} {name}", (above, row.where))
            if first != above:
                raise ValueError(
                    f"{level} {name!r} hangs on {above!r}, but on {first!r} at {where}; a {level} hangs on one. Where they are numbered "
                    f"anew below each, name places by node: '{above}/{name}'"
                )
            above = f"{above}/{name}"
        return above

    def _resolve_parents(self, rows: Rows) -> None:
        parents, wheres = self._parents, dict[str, str]()
        for row in rows.rows:
            node, parent = row.place.get("node", ""), row.place.get("parent", "")
            if row.id or not node:
                continue
            if wrong := next((name for name in (node, parent) if name and (not _PATH.fullmatch(name) or "/" in name)), ""):
                self._tell(row, f"{wrong!r}: a node that names its parent is a name without '/' and blanks")
            elif node in parents:
                self._tell(row, f"node {node!r} is also {wheres[node]}" + _both(parents[node], parent))
            else:
                parents[node], wheres[node] = parent, row.where
        for node, parent in parents.items():
            if parent and parent not in parents:
                self._problems.append(f"{wheres[node]}: node {node!r} hangs on {parent!r}, which does not exist")
        circles = self._tell_circles(parents, wheres)
        for node in parents:
            names = [node]
            while len(names) <= _MOST_LEVELS and parents.get(names[-1]) and names[-1] not in circles:
                names.append(parents[names[-1]])
            if len(names) > _MOST_LEVELS:
                self._problems.append(f"{wheres[node]}: node {node!r} is deeper than {_MOST_LEVELS} levels")
            elif names[-1] in parents and names[-1] not in circles:
                self._paths[node] = "/".join(reversed(names))

    def _tell_circles(self, parents: Mapping[str, str], wheres: Mapping[str, str]) -> set[str]:
        """The nodes that hang on themselves."""
        done, circles = set[str](), set[str]()
        for node in parents:
            way: list[str] = []
            at = node
            while at in parents and at not in done:
                done.add(at)
                way.append(at)
                at = parents[at]
            if at in way:
                circle = way[way.index(at) :]
                circles.update(circle)
                through = " and ".join(circle[1:4]) + (f" and {len(circle) - 4} more" if len(circle) > 4 else "")
                self._problems.append(f"{wheres[at]}: node {at!r} hangs on itself" + (f" by way of {through}" if through else ""))
        return circles


def _of_path(row: Row) -> str:
    node = row.place.get("node", "")
    if "parent" in row.place:
        raise ValueError(f"parent = {row.place['parent']!r}: where nodes name their parents, one has a row of its own")
    if node and (not _PATH.fullmatch(node) or node.count("/") >= _MOST_LEVELS):
        raise ValueError(f"node = {node!r}: a path such as 'feeder-1/branch-2/box-3', at most {_MOST_LEVELS} levels")
    return node


def _named(path: str) -> str:
    return f"node {path!r}" if path else "the area"


def _both(first: str, second: str) -> str:
    return f", there below {first!r} and here below {second!r}" if first != second else ""
