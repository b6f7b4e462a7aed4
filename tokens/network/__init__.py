"""What the chain and the platform's nodes agree on: blocks, events, the outbox, epochs and votes. Public schema only."""
