"""The rules of credits: pure, knowing no Kafka, SQL or HTTP."""
