"""Small networks for grid tests, with numbers that can be worked out by hand."""

from dataclasses import replace

import numpy as np

from simulator.grid.areas import make_area
from simulator.grid.network import Branch, Load, Network, Shunt, Source, Transformer

STIFF = Source(kv=10.0, z1_ohm=1e-3 + 1e-3j, z0_ohm=1e-3 + 1e-3j, link_ohm=0.001 + 0.001j)
LARGE = Transformer(kva=100_000.0, kv_hv=10.0, kv_lv=0.4, r_percent=0.01, x_percent=0.01, vector_group="Dyn11", lv_bus="lv")


def line(name, begin, end, *, conductors="ABCN", ohm=0.01, mutual=0.0):
    n = len(conductors)
    return Branch(
        id=name, from_bus=begin, to_bus=end, conductors=tuple(conductors), length_m=10.0,
        z_ohm=np.full((n, n), mutual * 1j) + (ohm + ohm * 0.5j) * np.eye(n),
    )


def resistor(name, bus, phase, ohm, **changes):
    return Load(id=name, bus=bus, phase=phase, p_kw=230.0**2 / ohm / 1000, q_kvar=0.0, v_nom=230.0, zip=(1.0, 0.0, 0.0), **changes)


def star_of_resistors(ohms=(10.0, 20.0, 50.0)):
    """Three resistors at the end of one four-wire line, on a stiff supply."""
    return Network(
        name="star", source=STIFF, transformer=LARGE, branches=(line("l", "lv", "c", ohm=1e-6),),
        shunts=(Shunt(id="gt", bus="lv", conductor="N", ohm=4.0),),
        loads=tuple(resistor(f"r{phase}", "c", phase, ohm) for phase, ohm in zip("ABC", ohms, strict=True)),
    )


def small_area(vector_group="Dyn11"):
    """Two feeders with three-phase and single-phase services, ZIP loads of uneven size."""
    branches = [
        line("m1", "lv", "b1", ohm=0.05, mutual=0.01), line("m2", "b1", "b2", ohm=0.08, mutual=0.02), line("m3", "lv", "b3", ohm=0.1),
        line("s1", "b1", "c1", conductors="AN", ohm=0.06), line("s2", "b2", "c2", conductors="BN", ohm=0.04),
        line("s3", "b2", "c3", ohm=0.05, mutual=0.01), line("s4", "b3", "c4", conductors="CN", ohm=0.05),
    ]
    shares = (0.6, 0.3, 0.1)
    drawn = [("c1", "A", 3.0), ("c2", "B", 1.5), ("c3", "A", 2.0), ("c3", "B", 4.0), ("c3", "C", 0.7), ("c4", "C", 5.0)]
    return Network(
        name="small", source=Source(kv=10.0, pu=1.02, z1_ohm=0.2 + 1j, z0_ohm=0.6 + 3j, link_ohm=0.001 + 0.001j),
        transformer=replace(LARGE, kva=100.0, r_percent=1.5, x_percent=3.7, vector_group=vector_group),
        branches=tuple(branches), shunts=(Shunt(id="gt", bus="lv", conductor="N", ohm=4.0),),
        loads=tuple(
            Load(id=f"l{number}", bus=bus, phase=phase, p_kw=kw, q_kvar=0.3 * kw, v_nom=230.0, zip=shares)
            for number, (bus, phase, kw) in enumerate(drawn, 1)
        ),
    )


LAWS = ((0.6, 0.3, 0.1), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.5, 0.1, 0.4))


def mixed(style, meters, seed, *, panels=False, group="Dyn11"):
    """An area whose loads follow four laws in turn; with ``panels`` two of five give back twice what they would draw."""
    area = make_area(style, meters, seed=seed)
    chance = np.random.default_rng(seed)
    kw = chance.uniform(0.05, 1.0, len(area.network.loads))
    if panels:
        kw[chance.random(len(kw)) < 0.4] *= -2.0
    loads = tuple(
        replace(load, p_kw=float(power), q_kvar=float(0.2 * abs(power)), zip=LAWS[number % 4])
        for number, (load, power) in enumerate(zip(area.network.loads, kw, strict=True))
    )
    return replace(area.network, loads=loads, transformer=replace(area.network.transformer, vector_group=group))
