"""Which mode goes out on which link."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.hplc.links import LinkTable
from simulator.hplc.network.rates import Rates
from simulator.hplc.phy import max_pbs, pb_body_bytes
from tests.simulator.hplc.mac.link_tables import all_hear_all
from tests.simulator.hplc.network.networks import network_on


def table(**success: float) -> LinkTable:
    """Two nodes; success by mode, "tmi4=0.5"."""
    whole = all_hear_all(2)
    chances = {int(name[3:]): np.full((2, 2), chance, np.float32) for name, chance in success.items()}
    return LinkTable(band=2, mean_snr_db=whole.mean_snr_db, success=chances, hears=whole.hears, attenuation_db=whole.attenuation_db)


def test_the_fast_mode_is_taken_where_it_works_and_the_sturdy_one_where_not() -> None:
    assert Rates(table(tmi4=1.0, tmi6=1.0)).unicast(0, 1, 100) == (6, 1)
    assert Rates(table(tmi4=1.0, tmi6=0.2)).unicast(0, 1, 100) == (4, 1)
    # 4.7 ms less on air are not worth a loss in three with its acknowledgement gap
    assert Rates(table(tmi4=1.0, tmi6=0.6)).unicast(0, 1, 100) == (4, 1)


def test_a_choice_is_made_anew_when_the_links_change() -> None:
    rates = Rates(table(tmi4=1.0, tmi6=1.0))
    rates.unicast(0, 1, 100)
    rates.set_links(table(tmi4=1.0, tmi6=0.2))
    assert rates.unicast(0, 1, 100) == (4, 1)


@pytest.mark.parametrize("length", [1, 68, 132, 133, 264, 400, 516])
def test_every_length_fits_into_the_frame_that_is_chosen(length: int) -> None:
    rates = Rates(table(tmi4=1.0, tmi6=1.0, tmi9=1.0))
    for tmi, pbs in (rates.unicast(0, 1, length), rates.broadcast(length)):
        assert pbs <= max_pbs(tmi, 2)
        assert pbs * pb_body_bytes(tmi) >= length


def test_many_beacons_need_the_long_block_and_too_many_have_none() -> None:
    beacons = Rates(table(tmi4=1.0, tmi9=1.0, tmi12=1.0)).beacons
    assert [beacons.mode_for(entries) for entries in (20, 60, 150, 230)] == [4, 12, 9, None]


def test_stations_take_turns_before_beacons_go_out_in_a_mode_that_the_edge_cannot_hear() -> None:
    beacons = Rates(table(tmi4=1.0, tmi9=1.0, tmi12=1.0)).beacons
    entries = [beacons.most_entries(6.0, wanted) for wanted in (50, 150, 250)]
    assert [beacons.mode_for(one) for one in entries] == [12, 12, 9]
    assert entries == [50, 89, 217]


def test_a_table_without_the_mode_of_management_is_an_error() -> None:
    with pytest.raises(ValueError, match="TMI 4 is needed"):
        Rates(table(tmi6=1.0))


def test_a_network_forms_with_three_modes_and_refuses_what_they_do_not_carry() -> None:
    whole = all_hear_all(60)
    few = {tmi: whole.success[tmi] for tmi in (4, 6, 9)}
    network = network_on(LinkTable(band=2, mean_snr_db=whole.mean_snr_db, success=few, hears=whole.hears,
                                   attenuation_db=whole.attenuation_db))
    network.run_until(120.0)
    assert len(network.coordinators[0].members) == 59
    with pytest.raises(ValueError, match="1 to 508 bytes"):
        network.send(0, 1, bytes(600))
