"""How long an answer waits for the event that decides what it says (seconds); then it tells what is known."""

DECISION_WAIT_SECONDS = 1.5
"""For billing's word on a hold, so that who loses a race for the last credits hears 402."""

CANCEL_WAIT_SECONDS = 1.0
"""For the hold's release, so that cancelling can mostly answer with the end itself."""
