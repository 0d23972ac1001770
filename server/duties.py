"""Which duties the active watcher has besides its inbox: one line each, from what the server has put together. Only wiring lives here."""

from server.feed.duty import feed_of
from server.fleet.issuer import issuer_of
from server.means import Means
from server.notify.duties import notice_duties
from server.watcher.approvals import Approvals
from server.watcher.case_duty import CaseDuty
from server.watcher.gateway_duty import GatewayDuty
from server.watcher.hour_duty import HourDuty
from server.watcher.leading import Duty
from server.watcher.replacing import Replacing
from server.watcher.rollups.duty import RollupDuty
from server.watcher.rollups.watching import TrendDuty
from server.watcher.rotations import Rotations
from server.watcher.site_duty import SiteDuty
from server.watcher.watching import Watching


def duties_of(means: Means) -> list[Duty]:
    """Return the duties of a configuration, in no order: each has a task of its own."""
    possible: tuple[Duty | None, ...] = (
        feed_of(means),
        issuer_of(means.settings.plans, means.knowledge),
        Replacing(means.database, means.registry),
        GatewayDuty(means.registry),
        Watching(means.registry, means.knowledge),
        HourDuty(means.history),
        SiteDuty(means.states, means.history, means.registry, means.knowledge),
        RollupDuty(means.database, means.history, means.registry),
        TrendDuty(means.database, means.registry),
        Approvals(),
        Rotations(),
        CaseDuty(means.settings.cases, means.registry, means.knowledge),
        *notice_duties(means),
    )
    return [duty for duty in possible if duty is not None]
