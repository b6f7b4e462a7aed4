"""`cloudtuner-node`: reads an organisation's own bills on its own machine and signs what they say with its own key.

Runs without Django; only reports and stripped lines leave the machine (docs/protocol.md §3).
"""
