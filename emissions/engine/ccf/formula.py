"""What Cloud Carbon Footprint says of one line: its steps in its order, so that doubles come out as in its npm package.

Where the package goes wrong, the part is named in `defects`, its own answer stands, and `corrected_kwh` says what its own
coefficients give with the right unit. `docs/methodology.md` section 8 lists the five.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from statistics import median

from emissions.engine.ccf.tables import (
    GB_PER_CHIP,
    HDD_WH_PER_TBH,
    LIFESPAN_H,
    MAX_WATTS,
    MEMORY_KWH_PER_GBH,
    MIN_WATTS,
    NETWORK_KWH_PER_GB,
    PUE,
    SSD_WH_PER_TBH,
    UNKNOWN,
    UTILISATION_PERCENT,
    Size,
    tables,
)

_BYTES_PER_TB = 1099511627776
_HOURS = ("Hrs", "Hours", "hours", "vCPU-Hours", "DPU-Hour", "ACU-Hr")
_SECONDS = ("seconds", "Second", "Lambda-GB-Second")
_GIGABYTES = ("GB", "GigaBytes")
_SERVICE_PREFIX = re.compile(r"^(db|cache|dax|dms|ml|mq|KernelGateway-ml|.+Kafka)\.")
_OUTLIERS = ("Sandy Bridge", "Ivy Bridge")
_TWO_CHIPS = ("m5zn", "z1d")


@dataclass(frozen=True)
class Line:
    """What CCF looks at: the four columns it groups by, and the month (its hours) that the line lies in."""

    service: str
    usage_type: str
    unit: str
    region: str
    month_hours: int


@dataclass(frozen=True)
class Footprint:
    """CCF's answer for an amount. kWh at the meter; tonnes CO2e. `kind`: known, unknown (by cost), unsupported or nothing.

    `embodied_t` is CCF's, which divides by the vCPUs twice; CCF also adds it to its kWh through the region's grid, which
    `kwh_with_embodied` repeats. `corrected_kwh` is there where a defect changed an operational part.
    """

    kind: str
    compute_kwh: float = 0.0
    memory_kwh: float = 0.0
    storage_kwh: float = 0.0
    network_kwh: float = 0.0
    embodied_t: float = 0.0
    t_per_kwh: float = 0.0
    corrected_kwh: float | None = None
    defects: tuple[str, ...] = ()

    @property
    def operational_kwh(self) -> float:
        """Compute, memory, storage and network."""
        return self.compute_kwh + self.memory_kwh + self.storage_kwh + self.network_kwh

    @property
    def operational_t(self) -> float:
        """Tonnes of the operational parts, each multiplied by the grid as CCF does."""
        parts = (self.compute_kwh, self.memory_kwh, self.storage_kwh, self.network_kwh)
        return sum(part * self.t_per_kwh for part in parts)

    @property
    def kwh_with_embodied(self) -> float:
        """What CCF prints as kWh."""
        return self.operational_kwh + (self.embodied_t / self.t_per_kwh if self.embodied_t else 0.0)


BYTES = "storage read as bytes"
EMBODIED = "embodied divided by vCPUs twice, and turned into kWh by the grid"
UNLISTED = "instance type not listed"
LAMBDA = "a GB-second counted as a vCPU-second"
COPIES = "copies"
REGION = "region not listed: mean of regions"


def footprint(line: Line, amount: float) -> Footprint:
    """CCF's footprint of an amount of usage."""
    known = tables()
    t_per_kwh = known.grid.get(line.region) or known.grid[UNKNOWN]
    place = () if line.region in known.grid else (REGION,)
    if _holds(known.texts["unsupported"], line.usage_type):
        return Footprint("unsupported", t_per_kwh=t_per_kwh)
    unit, amount = _cleaned(line, amount)
    if _holds(known.texts["unknown"], line.usage_type) or unit not in known.texts["known_unit"]:
        return Footprint("unknown", t_per_kwh=t_per_kwh)
    copies = copies_of(line.service, line.usage_type)
    if unit in _HOURS:
        return _running(line, amount, copies, t_per_kwh, place)
    if unit in _SECONDS:
        kwh = _watts(_processors(line), gpu=False) * (amount / 3600) * PUE * copies / 1000
        return Footprint("known", compute_kwh=kwh, t_per_kwh=t_per_kwh, defects=(LAMBDA, *place))
    if unit in _GIGABYTES:
        if not _is_network(line):
            return Footprint("nothing", t_per_kwh=t_per_kwh)
        kwh = amount * NETWORK_KWH_PER_GB * PUE
        return Footprint("known", network_kwh=kwh, t_per_kwh=t_per_kwh, defects=place)
    return _stored(line, unit, amount, copies, t_per_kwh, place)


def copies_of(service: str, usage_type: str) -> int:
    """How many copies CCF takes a service to keep. It applies them to compute as well."""

    def holds(*texts: str) -> bool:
        return any(text in usage_type for text in texts)

    match service:
        case "AmazonS3":
            one_zone = holds("TimedStorage-ZIA", "EarlyDelete-ZIA", "TimedStorage-RRS")
            return 2 if one_zone else 6 if holds("TimedStorage", "EarlyDelete") else 1
        case "AmazonEC2":
            return 2 if holds("VolumeUsage") else 3 if holds("SnapshotUsage") else 1
        case "AmazonEFS":
            return 2 if holds("ZIA") else 3
        case "AmazonRDS":
            return 3 if holds("BackupUsage") else 6 if holds("Aurora") else 2 if holds("Multi-AZ") else 1
        case "AmazonDocDB":
            return 3 if holds("BackupUsage") else 2
        case "AmazonDynamoDB":
            return 2
        case "AmazonECR":
            return 3 if holds("TimedStorage") else 1
        case "AmazonElastiCache":
            return 3 if holds("BackupUsage") else 1
        case "AmazonSimpleDB":
            return 2 if holds("TimedStorage") else 1
        case _:
            return 1


def _cleaned(line: Line, amount: float) -> tuple[str, float]:
    seconds_of_redshift = line.service == "AmazonRedshift" and line.unit == "seconds"
    if "Fargate-GB-Hours" in line.usage_type:
        return "GB-Hours", amount / 3600 if seconds_of_redshift else amount
    return ("Hrs", amount / 3600) if seconds_of_redshift else (line.unit, amount)


def _holds(texts: tuple[str, ...], usage_type: str) -> bool:
    return any(text in usage_type for text in texts)


def _running(line: Line, amount: float, copies: int, t_per_kwh: float, place: tuple[str, ...]) -> Footprint:
    """Hours of an instance, of vCPUs or of a bundle: compute, accelerators, memory, embodied."""
    vcpu_hours = _vcpu_hours(line, amount)
    if vcpu_hours is None:
        return Footprint("nothing", t_per_kwh=t_per_kwh, defects=(UNLISTED, *place))
    compute = _watts(_processors(line), gpu=False) * vcpu_hours * PUE * copies / 1000
    if any(name in line.usage_type for name in tables().gpu_processors_of):
        gpu_hours = _gpu_hours(line, amount)
        gpu_types = tables().gpu_processors_of.get(_type_for_tables(line), (UNKNOWN,))
        compute += _watts(gpu_types, gpu=True) * gpu_hours * PUE * copies / 1000
    memory = _memory_gb_hours(line, amount) * MEMORY_KWH_PER_GBH * PUE * copies
    embodied = _embodied_t(line, amount)
    defects = (*((EMBODIED,) if embodied else ()), *place)
    return Footprint("known", compute_kwh=compute, memory_kwh=memory, embodied_t=embodied, t_per_kwh=t_per_kwh, defects=defects)


def _stored(line: Line, unit: str, amount: float, copies: int, t_per_kwh: float, place: tuple[str, ...]) -> Footprint:
    known = tables()
    ssd = line.usage_type.endswith(known.texts["ssd"]) or (
        line.service.endswith(known.texts["ssd_service"]) and "Backup" not in line.usage_type
    )
    if not ssd and not line.usage_type.endswith(known.texts["hdd"]):
        return Footprint("nothing", t_per_kwh=t_per_kwh)
    coefficient = SSD_WH_PER_TBH if ssd else HDD_WH_PER_TBH
    right = amount / 1000 if unit == "GB-Hours" else amount / 1000 * line.month_hours
    as_bytes = line.usage_type.endswith(known.texts["byte_hours"])
    terabyte_hours = amount / _BYTES_PER_TB if as_bytes else right
    return Footprint(
        "known",
        storage_kwh=terabyte_hours * coefficient * PUE * copies / 1000,
        t_per_kwh=t_per_kwh,
        corrected_kwh=right * coefficient * PUE * copies / 1000 if as_bytes else None,
        defects=((BYTES,) if as_bytes else ()) + place,
    )


def _is_network(line: Line) -> bool:
    return line.usage_type.endswith(tables().texts["network"]) and line.service != "AmazonCloudFront"


def _watts(processors: tuple[str, ...], *, gpu: bool) -> float:
    """Watts per vCPU or accelerator at half load, over the processors that a type may run on."""
    known = [tables().processors.get(name) for name in processors]
    if any(processor is None for processor in known):
        low, high = MIN_WATTS, MAX_WATTS
    else:
        lows, highs = ([getattr(processor, name) for processor in known] for name in ("min_w", "max_w"))
        mean = median if not gpu and any(name in _OUTLIERS for name in processors) else _mean
        low, high = mean(lows), mean(highs)
    return low + UTILISATION_PERCENT / 100 * (high - low)


def _mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


def _type_for_hours(usage_type: str) -> str:
    """The instance type that CCF reads vCPUs by."""
    return _SERVICE_PREFIX.sub("", usage_type.rpartition(":")[2])


def _type_for_tables(line: Line) -> str:
    """The instance type that CCF reads processors, memory and embodied by, which it finds in another way."""
    text = line.usage_type + ("arge" if line.usage_type.endswith("xl") else "")
    for prefix in ("db", "cache", "Kafka"):
        if prefix in text:
            return text.rpartition(f"{prefix}.")[2]
    return text.rpartition(":")[2]


def _size(*found: str) -> Size | None:
    name, *in_tables = found
    return next((size for table in in_tables if (size := tables().sizes[table].get(name)) is not None), None)


def _two(instance_type: str) -> str:
    """`family.size` of a name with more parts, as JavaScript's destructuring reads it."""
    return ".".join(instance_type.split(".")[:2])


def _vcpu_hours(line: Line, amount: float) -> float | None:
    """vCPU-hours of an amount; None for a type that CCF does not list, where its own arithmetic ends in NaN."""
    instance_type = _type_for_hours(line.usage_type)
    if line.service == "AWSGlue":
        return 4 * amount
    if line.service == "AmazonSimpleDB":
        return amount
    if "Aurora:ServerlessUsage" in line.usage_type:
        return amount / 4
    if "Fargate-vCPU-Hours" in line.usage_type or "CPUCredits" in line.usage_type:
        return amount
    vcpu = _vcpu(line, instance_type)
    if vcpu is None:
        return None
    if any(name in line.usage_type for name in tables().baselines):
        baseline = tables().baselines.get(_two(instance_type))
        return None if baseline is None else vcpu * (baseline / UTILISATION_PERCENT) * amount
    return vcpu * amount


def _vcpu(line: Line, instance_type: str) -> float | None:
    if "Kafka" in line.usage_type:
        size = _size(f"Kafka{line.usage_type.rpartition('Kafka')[2]}", "msk")
    elif line.service == "AmazonRedshift":
        size = _size(_two(instance_type), "redshift")
        return None if size is None else size.vcpu / 3600
    else:
        size = _size(_two(instance_type), "ec2")
    return None if size is None else size.vcpu


def _gpu_hours(line: Line, amount: float) -> float:
    size = _size(_type_for_hours(line.usage_type), "ec2")
    return (size.gpus or 0.0) * amount if size else 0.0


def _processors(line: Line) -> tuple[str, ...]:
    if line.service == "AWSLambda":
        return ("AWS Graviton2",) if line.usage_type.endswith("-ARM") else (UNKNOWN,)
    return tables().processors_of.get(_type_for_tables(line), (UNKNOWN,))


def _memory_gb_hours(line: Line, amount: float) -> float:
    """Gigabyte-hours beyond what the processors' own measured power holds."""
    instance_type = _type_for_tables(line)
    size = _size(_two(instance_type), "ec2", "redshift")
    if size is None or instance_type in tables().baselines:
        return 0.0
    if size.memory_gib is None or size.largest_memory_gib is None or size.largest_vcpu is None:
        return 0.0
    chips = 2 if instance_type.partition(".")[0] in _TWO_CHIPS else math.ceil(size.largest_vcpu / 96)
    beyond = size.largest_memory_gib / chips - _gb_per_chip(tables().processors_of.get(instance_type, (UNKNOWN,)))
    return beyond / (size.largest_memory_gib / size.memory_gib) * amount if beyond > 0 else 0.0


def _gb_per_chip(processors: tuple[str, ...]) -> float:
    known = [tables().processors.get(name) for name in processors]
    found = [processor.gb_per_chip for processor in known if processor is not None and processor.gb_per_chip is not None]
    return _mean(found) if len(found) == len(processors) else GB_PER_CHIP


def _embodied_t(line: Line, amount: float) -> float:
    """Tonnes as CCF computes them: the hours are divided by the vCPUs before the share of the machine is taken."""
    parts = _type_for_tables(line).split(".")
    if len(parts) < 2 or not parts[-1] or not parts[-2]:
        return 0.0
    size = _size(".".join(parts[-2:]), "ec2")
    if size is None or not size.scope3_t or not size.largest_vcpu:
        return 0.0
    return size.scope3_t * (amount / size.vcpu / LIFESPAN_H) * (size.vcpu / size.largest_vcpu)
