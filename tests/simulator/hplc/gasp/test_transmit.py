"""Raised transmit level on tables whose success is a known function of the SNR."""

from __future__ import annotations

import numpy as np

from simulator.hplc.gasp.transmit import raised
from simulator.hplc.network.scattered import links_of_loss, scattered_links


def test_a_louder_sender_is_a_sender_with_less_loss() -> None:
    """The table's success is a closed function of its SNR there, so louder by 3 dB must be the table of 3 dB less loss."""
    links, _, _ = scattered_links(200, seed=5)
    expected = links_of_loss(np.where(np.isfinite(links.attenuation_db), links.attenuation_db, 1e6).astype(float) - 3.0)
    senders = list(range(1, 60))
    louder = raised(links, senders, 3.0)
    others = np.setdiff1d(np.arange(201), [*senders])
    columns = np.ix_(senders, others)
    assert np.allclose(louder.mean_snr_db[columns], expected.mean_snr_db[columns], atol=1e-4)
    # where the closed function ends in a step (not heard, no success) there is no curve to climb
    for tmi, success in expected.success.items():
        off = np.abs(louder.success[tmi][columns] - success[columns])
        was_heard = links.success[tmi][columns] > 0.01
        assert off[was_heard].max() < 0.05, tmi
        assert off.mean() < 0.005, tmi
    assert (louder.hears[columns] != expected.hears[columns]).mean() < 0.02


def test_other_senders_stay_as_they_are() -> None:
    links, _, _ = scattered_links(50, seed=5)
    louder = raised(links, [7], 6.0)
    others = np.arange(51) != 7
    assert np.array_equal(louder.mean_snr_db[others], links.mean_snr_db[others])
    assert all(np.array_equal(louder.success[tmi][others], links.success[tmi][others]) for tmi in links.success)
    assert np.array_equal(louder.hears[others], links.hears[others])


def test_louder_is_never_worse_and_nobody_hears_himself() -> None:
    links, _, _ = scattered_links(80, seed=6)
    louder = raised(links, range(81), 10.0)
    assert all((louder.success[tmi] >= links.success[tmi]).all() for tmi in links.success)
    assert not louder.hears.diagonal().any()
    assert (louder.success[4].diagonal() == 0.0).all()
    assert (louder.mean_snr_db.diagonal() == -np.inf).all()


def test_no_gain_is_the_same_table() -> None:
    links, _, _ = scattered_links(10, seed=6)
    assert raised(links, [1], 0.0) is links
