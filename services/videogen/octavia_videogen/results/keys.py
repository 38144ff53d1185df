"""Names of what a video leaves in the store, below its owner's prefix."""

from uuid import UUID

from octavia_common.artifacts import artifact_key

FOLDER = "videogen"


def result_key(user_id: UUID, hold_id: UUID, output: str) -> str:
    """The key of one output of one run: `clip`, `poster`, `picture` or `remote`.

    A run is ordered once, so that its hold says what was made: no two runs ever share an object, and one goes
    without the other.
    """
    return artifact_key(
        user_id,
        FOLDER,
        inputs=[],
        engine="video",
        version="1",
        params={"hold": str(hold_id), "output": output},
    )
