"""How often hypothesis tries: the same every time, and within the time of the tests."""

from hypothesis import HealthCheck, Phase, settings


def few(count):
    """Settings of `count` examples that are drawn alike in every run."""
    return settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
