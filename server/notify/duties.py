"""Which duties notifications are: one that folds events into alerts, and one for each target. Only wiring lives here."""

from server.means import Means
from server.notify.counting import Letters
from server.notify.folding import Folding, Manner
from server.notify.sending import Sending
from server.notify.targets import outlets_of, rules_of
from server.watcher.leading import Duty
from server.watcher.notices.titles import GUIDANCE
from server.watcher.notices.wording import Around


def notice_duties(means: Means) -> list[Duty]:
    """Return them. Without targets events are folded all the same: alerts are seen in the console. Raises BadConfiguration."""
    notify = means.settings.notify

    def zone_of(site: str) -> str:
        known = means.registry.sites.get(site)
        return known.zone if known else "UTC"

    def around() -> Around:
        knowledge = means.knowledge()
        guidance: dict[str, tuple[str, ...]] = {cause: knowledge.links_about(topic) for cause, topic in GUIDANCE.items() if topic}
        return Around(notify.console_url, zone_of, guidance)

    manner = Manner(rules_of(means.settings), int(notify.wait_s * 10**9), int(notify.update_every_s * 10**9), means.registry, around)
    outlets = outlets_of(means.settings, means.now, broker=means.broker)
    counted = Letters(means.metrics)
    return [Folding(manner), *(Sending(one, counted=counted) for one in outlets)]
