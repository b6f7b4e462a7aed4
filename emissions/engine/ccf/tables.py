"""The constants that Cloud Carbon Footprint (aws 0.15.0, core 0.17.3, Apache-2.0) computes with, each row with its source."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib import resources

SSD_WH_PER_TBH, HDD_WH_PER_TBH = 1.2, 0.65
MEMORY_KWH_PER_GBH = 0.000392
NETWORK_KWH_PER_GB = 0.001
PUE = 1.135
UTILISATION_PERCENT = 50
LIFESPAN_H = 35040
MIN_WATTS, MAX_WATTS, GB_PER_CHIP = 0.74, 3.5, 80.69
UNKNOWN = "Unknown"


@dataclass(frozen=True)
class Size:
    """One instance type. `largest_*` are those of the last type its family lists, which CCF takes for the whole machine."""

    vcpu: float
    memory_gib: float | None
    scope3_t: float | None
    largest_vcpu: float | None
    largest_memory_gib: float | None
    gpus: float | None


@dataclass(frozen=True)
class Processor:
    """Watts per vCPU (per accelerator for a GPU) at idle and full load, and memory per chip, where CCF has them."""

    min_w: float
    max_w: float
    gb_per_chip: float | None


@dataclass(frozen=True)
class Tables:
    """Everything that is looked up, by name."""

    sizes: dict[str, dict[str, Size]]
    processors_of: dict[str, tuple[str, ...]]
    gpu_processors_of: dict[str, tuple[str, ...]]
    baselines: dict[str, float]
    processors: dict[str, Processor]
    grid: dict[str, float]
    texts: dict[str, tuple[str, ...]]


def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files("emissions.engine.ccf") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _number(text: str) -> float | None:
    return float(text) if text else None


@cache
def tables() -> Tables:
    """The tables, read once."""
    sizes: dict[str, dict[str, Size]] = defaultdict(dict)
    processors_of, gpu_processors_of, baselines = {}, {}, {}
    for row in _rows("types"):
        name = row["name"]
        if row["processors"]:
            processors_of[name] = tuple(row["processors"].split("|"))
        if row["gpu_processors"]:
            gpu_processors_of[name] = tuple(row["gpu_processors"].split("|"))
        if row["baseline_percent"]:
            baselines[name] = float(row["baseline_percent"])
        if row["vcpu"]:
            sizes[row["table"]][name] = Size(
                vcpu=float(row["vcpu"]),
                memory_gib=_number(row["memory_gib"]),
                scope3_t=_number(row["scope3_t"]),
                largest_vcpu=_number(row["largest_vcpu"]),
                largest_memory_gib=_number(row["largest_memory_gib"]),
                gpus=_number(row["gpus"]),
            )
    processors = {
        row["name"]: Processor(float(row["min_w"]), float(row["max_w"]), _number(row["gb_per_chip"]))
        for row in _rows("processors")
    }
    texts: dict[str, list[str]] = defaultdict(list)
    for row in _rows("usage_types"):
        texts[row["class"]].append(row["text"])
    return Tables(
        sizes=dict(sizes),
        processors_of=processors_of,
        gpu_processors_of=gpu_processors_of,
        baselines=baselines,
        processors=processors,
        grid={row["region"]: float(row["t_per_kwh"]) for row in _rows("grid")},
        texts={name: tuple(found) for name, found in texts.items()},
    )
