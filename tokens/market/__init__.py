"""The market around CT02 and TUNER: pools, the price for lenders, buyback and burn, borrowing.

Speaks to other people's protocols by their published interfaces; `tokens.chain` does the talking. On public networks the
protocols are where `venues` says; on a local chain `local` creates them from the bytecode that their makers publish.
"""
