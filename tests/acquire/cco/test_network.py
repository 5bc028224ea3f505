"""The network as the module describes it, page by page: whole or not at all; a meter that hangs on another node is told."""

import dataclasses

import pytest

from edge_agent.acquire.cco.network_view import make_view, rerouted
from edge_agent.acquire.cco.survey import survey
from edge_agent.acquire.cco.talk import Answer
from edge_agent.model import EvidenceKind
from edge_agent.wire.gdw10376_2 import NodeRole, units
from edge_agent.wire.gdw10376_2.units import PhaseNode, TopologyNode
from tests.acquire.cco.scripted_cco import MAIN, ScriptedCco, run_with, watched_cco
from tests.acquire.scripted645 import address_of
from tests.virtual_loop import run_virtual


def tree(meters: int) -> list[TopologyNode]:
    """The coordinator, meter 0 as the proxy of every odd meter, the rest on the coordinator."""
    nodes = [TopologyNode(address=MAIN, tei=1, proxy_tei=0, level=0, role=NodeRole.CCO)]
    for meter in range(meters):
        is_far = meter % 2 == 1
        nodes.append(
            TopologyNode(
                address=address_of(meter), tei=meter + 2, proxy_tei=2 if is_far else 1, level=1 + is_far,
                role=NodeRole.PCO if meter == 0 else NodeRole.STA,
            )
        )
    return nodes


def seen(cco: ScriptedCco, seconds: float, *steps, **more):
    watch = watched_cco(cco, full_s=900.0, survey_clock_s=300.0, **more)
    run_virtual(run_with(watch, seconds, *steps))
    return watch


def test_tree_and_phases_of_many_pages_are_one_view():
    cco = ScriptedCco(meters=150, topology=tree(150), phases=[PhaseNode(address=address_of(3), phase_bits=2, has_line_fault=True)])
    view = seen(cco, 120.0).reader.network
    assert len(view.nodes) == 151
    assert view.levels == (1, 75, 75)
    assert (view.nid, view.neighbours) == (77, (78,))
    node = view.node(address_of(3))
    assert (node.meter, node.proxy, node.level, node.phase_bits, node.has_line_fault) == (3, address_of(0), 2, 2, True)
    assert view.node(MAIN).proxy is None
    assert view.node(address_of(0)).is_proxy
    assert view.node(address_of(4)).phase_bits is None


def test_a_meter_that_hangs_on_another_node_is_told_once():
    cco = ScriptedCco(meters=10, topology=tree(10))

    def reroute():
        cco.topology[4] = dataclasses.replace(cco.topology[4], proxy_tei=4)

    watch = seen(cco, 1200.0, (200.0, reroute))
    (fact,) = watch.facts(EvidenceKind.ROUTING_CHANGED)
    assert (fact.meters, fact.addresses, fact.relays) == ((3,), (address_of(2),), (2,))


def test_the_way_of_every_meter_is_told_when_the_network_is_first_known():
    watch = seen(ScriptedCco(meters=6, topology=tree(6)), 1200.0)
    (fact,) = watch.facts(EvidenceKind.ROUTES_KNOWN)
    assert fact.meters == tuple(range(6))
    assert set(fact.relays) <= {-1, *range(6)}
    assert [fact.addresses[meter] for meter in range(6) if fact.relays[meter] >= 0] == [
        address_of(relay) for relay in fact.relays if relay >= 0
    ]
    assert fact.relays[3] == 0


def test_a_module_that_claims_more_nodes_than_it_lists_gives_no_view():
    class Short(ScriptedCco):
        def _page(self, frame, asked):
            said = super()._page(frame, asked)
            if asked.code.fn == 21:
                return dataclasses.replace(said, data=b"\xff\xff" + said.data[2:])
            return said

    cco = Short(meters=10, topology=tree(10))
    watch = seen(cco, 1000.0)
    assert watch.reader.network is None
    assert watch.samples


def test_a_module_that_lists_nodes_without_end_is_not_followed_for_ever():
    script = survey(is_dual=False, max_frame_bytes=512, meters={}, utc_ms=lambda: 0, done=lambda view: None)
    asked, pages = next(script), 0
    while asked.code.fn == 21:
        asked = script.send(Answer(unit=units.Topology(total=65535, start=asked.start, nodes=tuple(tree(0) * 64))))
        pages += 1
    assert pages == 32                # 2048 nodes


def test_a_page_of_another_place_ends_the_round():
    told = []
    script = survey(is_dual=False, max_frame_bytes=512, meters={}, utc_ms=lambda: 0, done=told.append)
    next(script)
    asked = script.send(Answer(unit=units.Topology(total=1, start=65, nodes=tuple(tree(0)))))
    assert asked.code.fn == 20        # the other form is tried
    with pytest.raises(StopIteration):
        script.send(Answer())
    assert told == [None]


def test_new_and_lost_nodes_are_no_change_of_way():
    def view(nodes):
        return make_view(
            topology={node.address: node for node in nodes}, phases={}, chips={}, info=None, taken_utc_ms=0,
            meters={address_of(index): index for index in range(10)},
        )

    assert rerouted(view(tree(3)), view(tree(6))) == rerouted(view(tree(6)), view(tree(3))) == ()
