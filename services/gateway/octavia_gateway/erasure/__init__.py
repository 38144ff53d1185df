"""The deletion of an account: nothing of it stays but the ledger's entries and the fact itself."""
