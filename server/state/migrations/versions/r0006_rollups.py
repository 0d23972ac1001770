"""Hours and days that must be summed up, and their sketches."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Nothing yet."""
