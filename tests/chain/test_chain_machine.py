"""The state machine of epochs, claims and retirement, mirrored in Python and driven at random against a real chain.

The model knows nothing of Solidity: plain integers and the sentences of docs/protocol.md §12.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tokens.chain.reverts import ContractRefused

pytestmark = [pytest.mark.chain]

KG = 10**9
NODES = ["0x" + f"{place + 1:064x}" for place in range(3)]
MOST_UG = 10**12


@dataclass
class Posted:
    """An epoch as the model knows it."""

    leaves: list
    ceiling_ug: int
    final: bool = False


@dataclass
class Model:
    """What should be so."""

    cum_ug: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NODES, 0))
    high_ug: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NODES, 0))
    paid_ug: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NODES, 0))
    epochs: list[Posted] = field(default_factory=list)
    retired_ug: int = 0

    def newest_final(self) -> int:
        """The only epoch that pays; 0 when none does."""
        return max((number for number, epoch in enumerate(self.epochs, 1) if epoch.final), default=0)


def _machine(network) -> type[RuleBasedStateMachine]:
    contracts, rpc = network.contracts, network.client.call_rpc

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.snapshot = rpc("evm_snapshot")
            network.high_ug.clear()
            self.model = Model()

        def teardown(self) -> None:
            rpc("evm_revert", [self.snapshot])

        @rule(deltas=st.lists(st.integers(-MOST_UG, MOST_UG), min_size=3, max_size=3))
        def attest(self, deltas: list[int]) -> None:
            model = self.model
            for node, delta in zip(NODES, deltas, strict=True):
                model.cum_ug[node] = max(0, model.cum_ug[node] + delta)
                model.high_ug[node] = max(model.high_ug[node], model.cum_ug[node])
            leaves = [network.leaf(node, model.cum_ug[node]) for node in NODES]
            network.report(leaves)
            model.epochs.append(Posted(leaves, sum(model.high_ug.values())))

        @rule()
        def window_passes(self) -> None:
            network.mine(2, interval_s=network.book.window_s)
            for epoch in self.model.epochs:
                epoch.final = True

        @precondition(lambda self: self.model.epochs)
        @rule(back=st.integers(0, 3), place=st.integers(0, 2))
        def claim(self, back: int, place: int) -> None:
            model = self.model
            number = max(1, len(model.epochs) - back)
            epoch, node = model.epochs[number - 1], NODES[place]
            owed = epoch.leaves[place].cum_ug - model.paid_ug[node]
            call = contracts.claim(number, epoch.leaves[place], network.proof(epoch.leaves, place))
            if number == model.newest_final() and owed > 0:
                network.send(call)
                model.paid_ug[node] += owed
                return
            with pytest.raises(ContractRefused) as refused:
                network.send(call)
            expected = {
                "chain.revert.poce_not_final": not epoch.final,
                "chain.revert.poce_not_newest": epoch.final and number != model.newest_final(),
                "chain.revert.poce_nothing_to_claim": number == model.newest_final(),
            }
            assert expected[refused.value.code], (refused.value.code, number, model.newest_final())

        @precondition(lambda self: self.model.epochs)
        @rule(back=st.integers(0, 2))
        def veto(self, back: int) -> None:
            model = self.model
            number = max(1, len(model.epochs) - back)
            if model.epochs[number - 1].final:
                with pytest.raises(ContractRefused, match="not inside its window"):
                    network.send(contracts.veto(number), network.guardian_key)
                return
            network.send(contracts.veto(number), network.guardian_key)
            del model.epochs[number - 1 :]
            # The next epoch begins again from the one that stands.
            last = model.epochs[-1] if model.epochs else None
            for place, node in enumerate(NODES):
                model.cum_ug[node] = last.leaves[place].cum_ug if last else 0
            model.high_ug = dict.fromkeys(NODES, 0)
            for epoch in model.epochs:
                for place, node in enumerate(NODES):
                    model.high_ug[node] = max(model.high_ug[node], epoch.leaves[place].cum_ug)
            network.high_ug.clear()
            network.high_ug.update(model.high_ug)

        @precondition(lambda self: sum(self.model.paid_ug.values()) > self.model.retired_ug)
        @rule(part=st.integers(1, 1000), certified=st.booleans())
        def retire(self, part: int, certified: bool) -> None:
            held = sum(self.model.paid_ug.values()) - self.model.retired_ug
            amount = max(1, held * part // 1000)
            make = contracts.retire if certified else contracts.retire_without_certificate
            network.send(make(amount, network.wallet, 1, 1000, "0x" + "c1" * 32), network.wallet_key)
            self.model.retired_ug += amount

        @invariant()
        def chain_and_model_agree(self) -> None:
            model = self.model
            minted = sum(model.paid_ug.values())
            assert contracts.head_epoch() == len(model.epochs)
            assert contracts.minted_ug() == minted
            assert contracts.retired_ug() == model.retired_ug
            assert contracts.ct02_supply() == (minted - model.retired_ug) * KG
            assert {node: contracts.claimed(node).ug for node in NODES} == model.paid_ug
            if newest := model.newest_final():
                assert minted <= model.epochs[newest - 1].ceiling_ug

    return Machine


@pytest.mark.parametrize("examples", [4, pytest.param(40, marks=pytest.mark.deep)])
def test_machine__any_order__chain_does_what_the_model_says(watched, examples):
    run_state_machine_as_test(
        _machine(watched),
        settings=settings(
            max_examples=examples,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
