"""The gateway: the only service that people and machines outside the platform talk to."""
