"""`cloudtuner chain …`: bring the contracts onto a chain, check them there, and look after them."""
