"""Pure planning: where somebody speaks, and where to cut. Knows no Kafka, SQL or HTTP."""
