"""Faults of every kind while jobs flow, steady load, scale events, fairness and poison, on one platform."""
