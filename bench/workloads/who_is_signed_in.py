"""M3: who is signed in, the question of every request of a dashboard."""

from collections.abc import Sequence

from bench.load_client import Load, Measurement
from bench.messages import Answer
from bench.stage import Stage
from bench.systems import System


def who_is_signed_in(stage: Stage, system: System, signed_in: Sequence[Answer]) -> Measurement:
    """The browsers that have just signed in ask in turn."""
    requests = [system.session(answer) for answer in signed_in]
    load = Load(seconds=stage.effort.seconds)
    return stage.client.run(system.port, requests, load).only(system.statuses.session, f"{system.name}, who is signed in")
