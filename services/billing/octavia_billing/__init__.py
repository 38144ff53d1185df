"""Billing: the ledger of credits. Its holds decide every race about whether a job is paid."""
