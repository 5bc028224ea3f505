"""The import rules between our packages: data flows one way, the agent never sees the simulator."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("cython_ext", "edge_agent", "firmware_profiles", "simulator")
ALL_AGENT = "edge_agent"

# layer -> what of ours it may import; longest matching layer counts. edge_agent.errors is open to all of agent and simulator.
TABLE: dict[str, tuple[str, ...]] = {
    "cython_ext": (),
    "firmware_profiles": (),
    "edge_agent.errors": (),
    "edge_agent.strict_table": (),
    "edge_agent.contract": (),
    "edge_agent.model": ("firmware_profiles.quantities",),
    "edge_agent.wire": ("cython_ext",),
    "edge_agent.transport": ("cython_ext",),
    "edge_agent.acquire": ("edge_agent.model", "edge_agent.wire", "edge_agent.transport", "firmware_profiles"),
    "edge_agent.detect": ("edge_agent.model", "cython_ext"),
    "edge_agent.outage": ("edge_agent.model", "cython_ext"),
    "edge_agent.events": ("edge_agent.model", "edge_agent.contract"),
    "edge_agent.journal": ("edge_agent.model", "cython_ext"),  # crc32c of each record is a kernel
    "edge_agent.state": ("edge_agent.model", "edge_agent.journal", "cython_ext"),
    "edge_agent.publish": ("edge_agent.contract", "edge_agent.journal"),
    "edge_agent.config": (ALL_AGENT, "firmware_profiles"),
    "edge_agent.runtime": (ALL_AGENT, "firmware_profiles", "cython_ext"),
    "edge_agent.cli": (ALL_AGENT, "firmware_profiles", "cython_ext"),
    "simulator.clock": (),
    "simulator.load": ("simulator.clock",),
    "simulator.grid": ("simulator.load", "simulator.clock"),
    "simulator.meter": ("simulator.load", "simulator.clock", "edge_agent.wire", "firmware_profiles"),
    "simulator.hplc": (
        "simulator.grid", "simulator.load", "simulator.meter", "simulator.clock", "edge_agent.wire", "firmware_profiles", "cython_ext",
    ),
    "simulator.serve": ("simulator.meter", "edge_agent.wire", "edge_agent.transport"),
    "simulator.scenario": OURS,
    "simulator.run": OURS,
    "simulator.scoring": OURS,
    "simulator.cli": OURS,
}
# third-party packages with one door each
DOORS = {
    "serial": ("edge_agent/transport/serial_port.py",),
    "paho": ("edge_agent/publish/mqtt_link.py", "simulator/cli/demo_view.py"),  # the demo's back end is a program of its own
    "msgspec": ("edge_agent/contract/", "edge_agent/strict_table.py", "firmware_profiles/"),
    "amqtt": ("simulator/cli/",),
}
KEPT_OUT_OF_THE_AGENT = {"pymodbus", "pydantic", "aiohttp", "scipy", "sklearn", "river", "pandas", "yaml", "jsonschema", "amqtt"}


def modules() -> list[Path]:
    return [path for package in OURS for path in sorted((ROOT / package).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import hides the layer"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def layer_of(module: str) -> str:
    return max((layer for layer in TABLE if (module + ".").startswith(layer + ".")), key=len, default="")


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_module_imports_only_what_its_layer_may(path: Path):
    module = name_of(path)
    if module in OURS:
        layer = module
        allowed: tuple[str, ...] = ()
    else:
        layer = layer_of(module)
        assert layer, f"{module} is in no layer of the import table: add a row"
        allowed = TABLE[layer]
    if module.startswith(("edge_agent", "simulator")):
        allowed = (*allowed, "edge_agent.errors")
    own = ".".join(module.split(".")[:2]) if layer.count(".") else layer
    for name in imported(path):
        if name.split(".")[0] not in OURS:
            continue
        permitted = any((name + ".").startswith(prefix + ".") for prefix in (own, *allowed))
        assert permitted, f"{module} (layer {layer}) imports {name}: allowed are {allowed or 'none of ours'}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_third_party_packages_have_one_door_each(path: Path):
    relative = str(path.relative_to(ROOT))
    for name in imported(path):
        top = name.split(".")[0]
        if top in DOORS:
            assert relative.startswith(DOORS[top]), f"{relative} imports {top}: its only door is {DOORS[top]}"
        if relative.startswith("edge_agent/"):
            assert top not in KEPT_OUT_OF_THE_AGENT, f"{relative} imports {top}, which is kept out of the agent process"
            assert top != "simulator", f"{relative}: the agent never imports the simulator"
