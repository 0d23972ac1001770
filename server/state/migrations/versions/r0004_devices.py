"""What people and the fleet say about devices."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Nothing yet."""
