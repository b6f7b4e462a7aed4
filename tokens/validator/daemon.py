"""The loop: a cycle, a pause, until told to stop; with counters that an alarm can watch."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from dataclasses import dataclass
from typing import NoReturn

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from cloudtuner import clock
from cloudtuner.keyfile import read_key_file
from emissions.node.service import ServiceClient
from tokens.chain.book import AddressBook
from tokens.chain.client import RpcClient
from tokens.chain.contracts import Contracts

from .config import ValidatorConfig
from .cycle import Validator, run_cycle
from .result import Result
from .store import Store

logger = logging.getLogger(__name__)

_GRACE_S = 0.5


@dataclass(frozen=True)
class Metrics:
    """`cycles_total{result}` and `last_success_timestamp`, unix seconds of the last cycle in which host and chain answered."""

    registry: CollectorRegistry
    cycles: Counter
    last_success: Gauge

    @classmethod
    def create(cls) -> Metrics:
        registry = CollectorRegistry()
        cycles = Counter("cloudtuner_validator_cycles", "Cycles by result.", ["result"], registry=registry)
        last = Gauge("cloudtuner_validator_last_success_timestamp", "Last cycle that host and chain answered.", registry=registry)
        return cls(registry, cycles, last)

    def count(self, result: Result) -> None:
        self.cycles.labels(result=result.value).inc()
        if result not in (Result.UNREACHABLE, Result.FAILED):
            self.last_success.set(clock.now().timestamp())


def make_validator(config: ValidatorConfig) -> Validator:
    """A validator from its config; raises ConfigurationError when a file it names is not usable."""
    key = read_key_file(config.key_file)
    book = AddressBook.load(config.address_book)
    contracts = Contracts(RpcClient(config.rpc_url), book)
    service = ServiceClient(config.service_url, key=key, plain_http=config.plain_http)
    store = Store(config.data_dir, genesis_hash=book.genesis_hash)
    return Validator(service=service, contracts=contracts, store=store, key=key, turn_seconds=config.turn_seconds)


def run(config: ValidatorConfig) -> NoReturn:
    """Runs until SIGTERM or SIGINT, then ends the process with status 0."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    validator = make_validator(config)
    metrics = Metrics.create()
    if config.metrics_port is not None:
        server, _ = start_http_server(config.metrics_port, addr="127.0.0.1", registry=metrics.registry)
        logger.info("metrics", extra={"port": server.server_port})
    logger.info("validator runs", extra={"signer": validator.signer, "pid": os.getpid()})
    worker = threading.Thread(target=_loop, args=(validator, metrics, stop, config.poll_seconds), daemon=True)
    worker.start()
    stop.wait()
    worker.join(_GRACE_S)
    logger.info("validator stops", extra={"signer": validator.signer})
    # A call to a silent host may take twenty seconds and the interpreter's own end another. Dying in the middle is safe at
    # any point (the store commits before it signs), so the operator need not wait.
    logging.shutdown()
    sys.stderr.flush()
    os._exit(0)


def _loop(validator: Validator, metrics: Metrics, stop: threading.Event, poll_seconds: float) -> None:
    last: Result | None = None
    while not stop.is_set():
        result = run_cycle(validator)
        metrics.count(result)
        if result != last:
            logger.info("cycle", extra={"state": result.value})
        last = result
        stop.wait(poll_seconds)
