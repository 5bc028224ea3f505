"""Writes a network as an OpenDSS script, for users who want to see it there and for tests that compare.

Every bus keeps its neutral (node 4); conductors that are solidly earthed become node 0. What OpenDSS cannot say in our words (names,
which conductors are cut) is said by leaving out or renaming, with a comment. Meter gains are not electrical and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from simulator.grid.load_law import LOW_VOLTAGE
from simulator.grid.network import CONDUCTORS, EARTH, PHASES, Branch, Load, Network, Shunt
from simulator.grid.nodes import HV_BUS, INSULATION_S, SOURCE_BUS, SPLIT_S, STRAY_S, Node, core_s, hv_node, turns_ratio, windings

_NO_LIMIT_PU = 10.0              # of vmaxpu: with its default of 1.05 OpenDSS leaves the load law above 241.5 V (domain/grid.md, trap 1)
# Positive sequence of the branch that stands for the zero sequence of a three-limbed core: as good as open, and small enough that the
# zero sequence, a difference of numbers of this size, keeps eight digits.
_CORE_OPEN_OHM = 1e7


def opendss_script(network: Network) -> str:
    """Commands that build ``network`` as it stands, edits made, and solve it; ASCII, one command a line.

    Loads are ZIP loads (model 8) with ``vminpu`` 0.7 and ``vlowpu`` 0: OpenDSS draws a line through zero below ``vminpu``, which is our
    low-voltage rule. What nothing determines (a part that hangs on loads of 0 kW alone) stands elsewhere than in our solution.
    Source: OpenDSS manual; Load.pas of DSS C-API 0.14.5 for what happens below ``vminpu``.
    """
    return "\n".join(_Script(network).lines()) + "\n"


class _Script:
    def __init__(self, network: Network) -> None:
        self._network = network
        self._earthed = {(shunt.bus, shunt.conductor) for shunt in network.shunts if shunt.ohm == 0.0}
        self._buses = _Names("bus", "source", "hv")
        self._lines = _Names("line", *(f"hv_link_{phase.lower()}" for phase in PHASES))
        self._loads = _Names("load")
        self._shunts = _Names("shunt")

    def lines(self) -> Iterator[str]:
        network = self._network
        elements = [
            *self._supply(), *filter(None, map(self._line, network.branches)), *filter(None, map(self._shunt, network.shunts)),
            *map(self._load, network.loads), *self._strays(),
        ]
        yield f"! network {network.name!a}, written by hplc-edge; below {LOW_VOLTAGE} pu a load is the impedance that it is there"
        for names in (self._buses, self._lines, self._loads, self._shunts):
            yield from names.comments()
        yield "Clear"
        yield f"Set DefaultBaseFrequency={_number(network.f_hz)}"
        yield from elements
        yield "MakeBusList"
        # without bases OpenDSS asks for a relative change of 1e-9 also of what should be 0 V, and does not get it
        transformer = network.transformer
        yield f"SetkVBase Bus=source kVLL={_number(network.source.kv)}"
        if network.source.link_ohm:
            yield f"SetkVBase Bus=hv kVLL={_number(network.source.kv)}"
        for bus in self._buses.given.values():
            yield f"SetkVBase Bus={bus} kVLL={_number(transformer.kv_lv)}"
        yield "Set Mode=Snapshot ControlMode=Off Tolerance=1e-9 MaxIterations=500"
        yield "Solve"

    def _supply(self) -> Iterator[str]:
        network, source, transformer = self._network, self._network.source, self._network.transformer
        z1, z0 = source.z1_ohm, source.z0_ohm
        yield (
            f"New Circuit.{_clean(network.name) or 'network'} Bus1=source.1.2.3 Phases=3 BasekV={_number(source.kv)} "
            f"pu={_number(source.pu)} Angle={_number(source.angle_deg)} "
            f"R1={_number(z1.real)} X1={_number(z1.imag)} R0={_number(z0.real)} X0={_number(z0.imag)}"
        )
        link = complex(source.link_ohm)
        for number, phase in enumerate(PHASES, 1):
            if link and phase not in network.hv_opened:
                yield _line_element(f"hv_link_{phase.lower()}", f"source.{number}", f"hv.{number}", [[link.real]], [[link.imag]])
        kv_lv = transformer.kv_lv / 3.0**0.5
        kva, half_percent = _number(transformer.kva / 3.0), _number(transformer.r_percent / 2.0)
        rating = f"kVs=[{_number(turns_ratio(network) * kv_lv)} {_number(kv_lv)}] kVAs=[{kva} {kva}]"
        leakage = f"%Rs=[{half_percent} {half_percent}] XHL={_number(transformer.x_percent)}"
        for phase, begin, end in windings(network):
            high = self._high_terminal(begin, end)
            low = self._terminal(transformer.lv_bus, (phase, "N"))
            yield (
                f"New Transformer.unit_{phase.lower()} Phases=1 Windings=2 Buses=[{high} {low}] Conns=[wye wye] {rating} {leakage} "
                "%NoLoadLoss=0 %IMag=0 ppm_Antifloat=0"
            )
        if transformer.vector_group == "Yyn0":
            x0_ohm = (1.0 / core_s(network)).imag
            own, mutual = (x0_ohm + 2.0 * _CORE_OPEN_OHM) / 3.0, (x0_ohm - _CORE_OPEN_OHM) / 3.0
            phases, star = (self._terminal(transformer.lv_bus, names) for names in (PHASES, "NNN"))
            # not as Z1 and Z0: OpenDSS's operator of 120 degrees has six digits, too few for a difference of such numbers
            x_ohm = [[own if row == column else mutual for column in range(3)] for row in range(3)]
            yield f"New Reactor.core Phases=3 Bus1={phases} Bus2={star} RMatrix={_matrix([[0.0] * 3] * 3)} XMatrix={_matrix(x_ohm)}"

    def _line(self, branch: Branch) -> str | None:
        """None where every conductor is cut. A cut conductor carries no current and induces none: it is not there."""
        closed = [place for place, conductor in enumerate(branch.conductors) if conductor not in branch.opened]
        if not closed:
            return None
        names = [branch.conductors[place] for place in closed]
        z_ohm = branch.z_ohm[[[place] for place in closed], closed]
        element = _line_element(
            self._lines.of(branch.id), self._terminal(branch.from_bus, names), self._terminal(branch.to_bus, names), z_ohm.real.tolist(),
            z_ohm.imag.tolist(),
        )
        cut = [conductor for conductor in branch.conductors if conductor in branch.opened]
        return f"{element} ! cut: {' '.join(cut)}" if cut else element

    def _shunt(self, shunt: Shunt) -> str | None:
        """None where the node is earth already."""
        if (shunt.bus, shunt.conductor) in self._earthed:
            return None
        node = self._terminal(shunt.bus, shunt.conductor)
        return f"New Reactor.shunt_{self._shunts.of(shunt.id)} Phases=1 Bus1={node} R={_number(shunt.ohm)} X=0"

    def _load(self, load: Load) -> str:
        shares = " ".join(map(_number, (*load.zip, *load.zip)))
        element = (
            f"New Load.{self._loads.of(load.id)} Phases=1 Conn=wye Bus1={self._terminal(load.bus, (load.phase, load.to))} "
            f"kV={_number(load.v_nom / 1000.0)} kW={_number(load.p_kw)} kvar={_number(load.q_kvar)} Model=8 ZIPV=[{shares} 0] "
            f"VlowPu=0 VminPu={_number(LOW_VOLTAGE)} VmaxPu={_number(_NO_LIMIT_PU)}"
        )
        return f"{element} ! unmetered" if load.unmetered else element

    def _strays(self) -> Iterator[str]:
        """What our equations add so that no voltage is left undetermined: OpenDSS needs it as much."""
        lv = self._network.transformer.lv_bus
        for number, node in enumerate(_loose_parts(self._network), 1):
            terminal = self._high_terminal(node) if node[0] in (SOURCE_BUS, HV_BUS) else self._terminal(node[0], node[1])
            ohm = 1.0 / INSULATION_S if node == (lv, "N") else 1.0 / STRAY_S
            yield f"New Reactor.stray_{number} Phases=1 Bus1={terminal} R={_number(ohm)} X=0"
        if self._network.hv_opened:
            for phase in PHASES:
                ends = f"Bus1={self._terminal(lv, phase)} Bus2={self._terminal(lv, 'N')}"
                yield f"New Reactor.unloaded_{phase.lower()} Phases=1 {ends} R={_number(1.0 / SPLIT_S)} X=0"

    def _terminal(self, bus: str, conductors: Iterable[str]) -> str:
        numbers = [0 if name == EARTH or (bus, name) in self._earthed else CONDUCTORS.index(name) + 1 for name in conductors]
        return ".".join([self._buses.of(bus), *map(str, numbers)])

    def _high_terminal(self, *nodes: Node) -> str:
        """Both ends of a winding must be at one bus: without a link what is not the source's own stands beside it, as nodes 5 to 8."""
        has_link = bool(self._network.source.link_ohm)
        numbers = [CONDUCTORS.index(name) + (1 if has_link or bus == SOURCE_BUS else 5) for bus, name in nodes]
        return ".".join(["hv" if has_link else "source", *map(str, numbers)])


def _loose_parts(network: Network) -> Iterator[Node]:
    """One node of each part that no conductor joins to earth or the source, with or without supply; of the transformer's its star point."""
    lv = network.transformer.lv_bus
    joined = [((lv, phase), (lv, "N")) for phase in PHASES]
    joined += [(begin, end) for _, begin, end in windings(network)]
    joined += [((SOURCE_BUS, phase), hv_node(network, phase)) for phase in PHASES if phase not in network.hv_opened]
    for branch in network.branches:
        joined += [((branch.from_bus, name), (branch.to_bus, name)) for name in branch.conductors if name not in branch.opened]
    neighbours: dict[Node, list[Node]] = {(lv, "N"): []}         # first, so that it is the one node of its part
    neighbours |= {(bus, name): [] for bus, names in network.buses.items() for name in names if (bus, name) != (lv, "N")}
    for first, second in joined:
        neighbours.setdefault(first, []).append(second)
        neighbours.setdefault(second, []).append(first)
    seen: set[Node] = set()

    def flood(start: Node) -> None:
        todo = [start]
        while todo:
            node = todo.pop()
            if node not in seen:
                seen.add(node)
                todo += neighbours.get(node, ())

    for held in [*((SOURCE_BUS, phase) for phase in PHASES), *((shunt.bus, shunt.conductor) for shunt in network.shunts)]:
        flood(held)
    for node in neighbours:
        if node not in seen:
            yield node
            flood(node)


class _Names:
    """Names that OpenDSS can read. Different ids get different names, although OpenDSS does not tell capitals from small letters."""

    def __init__(self, kind: str, *reserved: str) -> None:
        self._kind, self._taken = kind, set(reserved)
        self.given: dict[str, str] = {}

    def of(self, name: str) -> str:
        if name not in self.given:
            clean = found = _clean(name) or self._kind
            number = 1
            while found.lower() in self._taken:
                number += 1
                found = f"{clean}_{number}"
            self._taken.add(found.lower())
            self.given[name] = found
        return self.given[name]

    def comments(self) -> Iterator[str]:
        """One line for each name that had to change; escaped, so that no name can end the comment."""
        for name, found in self.given.items():
            if name != found:
                yield f"! {self._kind} {found} is {name!a}"


def _clean(name: str) -> str:
    """Dots part nodes, "@" is a variable, and blanks, "=", "!" and brackets end a word: all of them become one underscore."""
    return re.sub(r"[^0-9A-Za-z_-]+", "_", name).strip("_-")


def _line_element(name: str, begin: str, end: str, r_ohm: list[list[float]], x_ohm: list[list[float]]) -> str:
    n = len(r_ohm)
    return (
        f"New Line.{name} Phases={n} Bus1={begin} Bus2={end} Length=1 Units=none RMatrix={_matrix(r_ohm)} XMatrix={_matrix(x_ohm)} "
        f"CMatrix={_matrix([[0.0] * n] * n)}"
    )


def _matrix(rows: list[list[float]]) -> str:
    return "[" + " | ".join(" ".join(map(_number, row)) for row in rows) + "]"


def _number(value: float) -> str:
    """As short as it can be without losing a bit."""
    return repr(float(value)).removesuffix(".0")
