"""Power-line network of an area: channel, abstracted PHY, links. Results: abstracted PHY, not calibrated against silicon."""
