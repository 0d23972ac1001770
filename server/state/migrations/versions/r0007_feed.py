"""The endpoint service's newest answer and the plans made from it."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Nothing yet."""
