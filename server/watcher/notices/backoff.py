"""How long a letter that was not taken waits, and when it is given up. Pure: chance is an argument."""

SECOND_NS = 10**9
FIRST_S, LONGEST_S = 5.0, 300.0
"""Doubling from five seconds to five minutes: a receiver that restarts is found soon, one that is away for a day is asked 288 times."""
STEPS = 10
"""Doublings counted; beyond, the longest wait holds (and no number overflows)."""


def pause_ns(tries: int, chance: float, asked_s: float = 0.0) -> int:
    """Return the wait before the next try after `tries` failures (1 and more). `chance` is in [0, 1): a fifth of the wait is jitter.

    `asked_s` is what the receiver asked for (Retry-After), heeded up to the longest wait.
    """
    wait = min(FIRST_S * 2 ** min(tries - 1, STEPS), LONGEST_S)
    wait = max(wait, min(asked_s, LONGEST_S))
    return int(wait * (0.9 + 0.2 * chance) * SECOND_NS)


def is_given_up(made_ns: int, now_ns: int, oldest_s: float) -> bool:
    """Return whether a letter is too old to be tried again."""
    return now_ns - made_ns >= int(oldest_s * SECOND_NS)
