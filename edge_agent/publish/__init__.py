"""From the journal to the broker: one link, a window of our own, order and priority, the cursor after good acknowledgements."""

from edge_agent.publish.publisher import Announcements, Publisher
from edge_agent.publish.sender import Sender
from edge_agent.publish.settings import MqttSettings

__all__ = ["Announcements", "MqttSettings", "Publisher", "Sender"]
