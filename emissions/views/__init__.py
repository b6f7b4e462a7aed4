"""The pages of bills, the ledger and the nodes."""
