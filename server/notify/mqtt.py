"""Letters to the broker, on `mw/v1/event/<kind>`: for programs that listen there. How one message is published is `server/ingest/`'s."""

from server.ingest.mqtt import BrokerSettings
from server.ingest.publishing import Publisher
from server.notify.channel import Outcome, Parcel
from wire import topics
from wire.codec import canonical


class Mqtt:
    """A channel to one broker. The payload is the letter's JSON; `key` in it is the same however often it comes."""

    def __init__(self, broker: BrokerSettings) -> None:
        self._publisher = Publisher(broker, "notices")

    async def send(self, parcel: Parcel) -> Outcome:
        """Publish one letter at QoS 1, not retained: an event is no state."""
        kind = str(parcel.plain.get("kind") or parcel.plain["what"])
        return Outcome(await self._publisher.publish(topics.event(kind), canonical(parcel.plain)))

    async def close(self) -> None:
        """Hold nothing: each letter has a connection of its own, they are rare."""
