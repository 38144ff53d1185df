"""Kafka as every service uses it: at-least-once delivery, effects once, nothing lost or silent."""
