"""``hplc-edge schema --cim``: what a back end that speaks IEC 61968 calls the fields and states of an outage."""

import json

from edge_agent.cli.main import main


def test_the_names_in_cim_are_listed(capsys):
    assert main(["schema", "--cim"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines() if not line.startswith("state "))
    assert lines["customers_served"] == "Outage.originalCustomersServed"


def test_the_names_in_cim_are_given_as_json(capsys):
    assert main(["schema", "--cim", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["states"]["suspected"] == "predicted"
    assert found["fields"]["meters_affected"] == "Outage.metersAffected"
