"""A small area with everything that an archive can know: a tree of three levels, sites, priority customers."""

from edge_agent.model import Archive, Meter, Role, Site, Sites

TAGS = {"m03": ("school",), "m05": ("elderly", "medical"), "m11": ("cold_chain",)}


def make_archive():
    """Two feeders, two branches each, two boxes each, three meters each; single-phase meters on a, b, c in turn; m00 heads the area."""
    meters = [Meter(id="m00", index=0, profile="p", bus="b", role=Role.AREA, phases="abc", grid_phases="abc")]
    for box in range(8):
        node = f"feeder-{box // 4 + 1}/branch-{box // 2 % 2 + 1}/box-{box % 2 + 1}"
        for phase in "abc":
            index = len(meters)
            name = f"m{index:02}"
            meters.append(Meter(id=name, index=index, profile="p", bus="b", node=node, grid_phases=phase, tags=TAGS.get(name, ())))
    return Archive("north-1", tuple(meters), sites=Sites(
        nodes={
            "": Site(latitude=36.1, longitude=117.2, address="泰安路变压器", hv_line="line-12", grid="grid-3"),
            "feeder-1/branch-1/box-1": Site(latitude=36.11, longitude=117.21, address="Lane 4, no. 7", pole="B-0417"),
        },
        meters={"m01": Site(address="Lane 4, no. 7, flat 2")},
    ))
