"""What the name of an instance type says: family, generation, features, vCPUs; and which listed family is nearest.

Names follow rules that differ by provider (AWS `m7g.4xlarge`, Azure `Standard_D4ds_v5`, Google `n2-custom-4-8192`). The
rules are read here once, for types that no table lists yet and for the holding-out of whole families in tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_AWS_PREFIXES = ("db.", "cache.", "dax.", "ml.", "kafka.", "search.")
_AWS_SUFFIXES = (".search", ".elasticsearch")
_AWS = re.compile(r"(?P<letters>u-?|[a-z]+)(?P<number>\d+)(?P<features>[a-z0-9-]*)\.(?P<size>[a-z0-9-]+)")
_AWS_SIZE = re.compile(r"(?:(nano|micro|small|medium|large)|(\d*)xlarge|metal-(\d+)xl|xlplus)")
_SMALL = 2
_AZURE = re.compile(
    r"(?P<letters>[a-z]+)(?P<vcpu>\d+)(?:-\d+)?(?P<features>[a-z]*)(?P<rest>(?:_[a-z0-9]+)*?)(?:_v(?P<version>\d+))?"
)
_AZURE_PREFIXES = ("standard_", "basic_")
_AZURE_SUFFIXES = ("_low_priority", "_spot", "_promo")
_GCP = re.compile(r"(?P<letters>[a-z]+)(?P<number>\d*)(?P<features>[a-z]?)-(?P<kind>[a-z]+)-(?P<vcpu>\d+)(?P<rest>[a-z0-9-]*)")
_GCP_CUSTOM = re.compile(r"(?:(?P<series>[a-z]\d[a-z]?)-)?custom-(?P<vcpu>\d+)-(?P<mb>\d+)(?:-ext)?")
_GCP_ACCELERATED = re.compile(r".*(?:gpu|tpu)")
_AWS_ACCELERATED = frozenset({"dl", "f", "g", "gr", "inf", "p", "trn", "vt"})
_ARM = {"aws": "g", "azure": "p", "gcp": "a"}


@dataclass(frozen=True)
class Shape:
    """What a name says. `vcpu` and `gib` are None where it does not say; `kind` is Google's (standard, highmem …)."""

    family: str
    letters: str
    generation: int
    features: str
    kind: str
    vcpu: int | None
    gib: Fraction | None = None
    size: str = ""

    @property
    def whole(self) -> bool:
        """Whether it is a whole machine, whose name says no size."""
        return self.size == "metal"


def bare_name(provider: str, instance_type: str) -> str:
    """A type's name as the table of instances writes it, without what a service or a spelling adds.

    >>> bare_name("aws", "db.r5.large"), bare_name("azure", "Standard_D2s_v3"), bare_name("azure", "D2s v3 Spot")
    ('r5.large', 'd2s_v3', 'd2s_v3')
    """
    name = instance_type.strip().lower()
    if provider == "aws":
        for prefix in _AWS_PREFIXES:
            name = name.removeprefix(prefix)
        for suffix in _AWS_SUFFIXES:
            name = name.removesuffix(suffix)
    elif provider == "azure":
        name = re.sub(r"[ _]+", "_", name)
        for prefix in _AZURE_PREFIXES:
            name = name.removeprefix(prefix)
        for suffix in _AZURE_SUFFIXES:
            name = name.removesuffix(suffix)
    elif provider == "gcp":
        name = name.removeprefix("db-")
    return name


def shape_of(provider: str, instance_type: str) -> Shape | None:
    """What the name of a type says, or None when it follows none of its provider's rules.

    >>> shape_of("aws", "m9gd.4xlarge")
    Shape(family='m9gd', letters='m', generation=9, features='gd', kind='', vcpu=16, gib=None, size='4xlarge')
    >>> shape_of("azure", "Standard_E8ads_v6").vcpu, shape_of("gcp", "n4-highmem-8").kind
    (8, 'highmem')
    """
    name = bare_name(provider, instance_type)
    if provider == "aws":
        return _aws(name)
    if provider == "azure":
        return _azure(name)
    return _gcp(name) if provider == "gcp" else None


def vcpu_of_size(size: str) -> int | None:
    """The vCPUs that an AWS size name stands for since the fifth generation; None for a name that says nothing.

    >>> vcpu_of_size("large"), vcpu_of_size("xlarge"), vcpu_of_size("12xlarge"), vcpu_of_size("enormous")
    (2, 4, 48, None)
    """
    match = _AWS_SIZE.fullmatch(size)
    if match is None:
        return None
    return _SMALL if match[1] else 4 * int(match[2] or match[3] or 1)


def has_accelerators(provider: str, shape: Shape) -> bool:
    """Whether machines of a family carry accelerators, which the size in a name does not count.

    >>> has_accelerators("aws", shape_of("aws", "p9.xlarge")), has_accelerators("aws", shape_of("aws", "m9i.xlarge"))
    (True, False)
    """
    if provider == "aws":
        return shape.letters in _AWS_ACCELERATED
    if provider == "azure":
        return shape.letters.startswith("n")
    return _GCP_ACCELERATED.fullmatch(shape.kind) is not None


def distance(wanted: Shape, other: Shape, provider: str) -> int | None:
    """How far a family lies from another: 0 is the same one; None when it is of another kind of machine.

    Same letters are asked for, and on Google the same kind. Another processor architecture counts most, then the
    generations between them, then each feature that only one of them has.
    """
    if wanted.letters != other.letters or wanted.kind != other.kind:
        return None
    arm = _ARM[provider]
    apart = set(wanted.features) ^ set(other.features)
    return 100 * (arm in apart) + 10 * abs(wanted.generation - other.generation) + len(apart - {arm})


def _aws(name: str) -> Shape | None:
    match = _AWS.fullmatch(name)
    if match is None:
        return None
    letters, number, features = match["letters"], match["number"], match["features"]
    size, family = match["size"], letters + number + features
    # A medium of an Arm family has one vCPU, of the others two.
    vcpu = 1 if size == "medium" and (_ARM["aws"] in features or letters == "a") else vcpu_of_size(size)
    return Shape(family, letters, int(number), features, "", vcpu, size=size)


def _azure(name: str) -> Shape | None:
    match = _AZURE.fullmatch(name)
    if match is None:
        return None
    version = int(match["version"] or 1)
    letters, features = match["letters"], match["features"]
    family = f"{letters}{features}{match['rest']}_v{version}"
    # The second half of a name ("_a100") is an accelerator: another kind of machine.
    return Shape(family, letters + match["rest"], version, features, "", int(match["vcpu"]))


def _gcp(name: str) -> Shape | None:
    custom = _GCP_CUSTOM.fullmatch(name)
    if custom is not None:
        series = custom["series"] or "n1"
        gib = Fraction(int(custom["mb"]), 1024)
        return Shape(series, series[0], int(series[1]), series[2:], "standard", int(custom["vcpu"]), gib)
    match = _GCP.fullmatch(name)
    if match is None:
        return None
    letters, number, features = match["letters"], match["number"], match["features"]
    count = None if match["rest"] == "g" else int(match["vcpu"])
    return Shape(letters + number + features, letters, int(number or 1), features, match["kind"], count)
