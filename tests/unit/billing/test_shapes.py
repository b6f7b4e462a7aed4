"""The same usage reads the same, whatever export writes it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from fractions import Fraction

import pytest

from emissions.billing.formats import KEY_FIELDS
from emissions.billing.registry import unit_of
from emissions.engine.estimate import estimate
from emissions.grid.catalog import load_factor_set
from emissions.sample_uses import AWS_USES, AZURE_USES, GCP_USES, OCI_USES

USES = {"aws": AWS_USES, "azure": AZURE_USES, "gcp": GCP_USES, "oci": OCI_USES}
AWS = ("cur csv", "cur parquet", "cur2 csv", "cur2 parquet", "focus 1.0 aws", "focus 1.2 aws", "focus 1.2 aws parquet")
AZURE = ("azure ea", "azure mca", "focus azure")
GCP = ("gcp parquet", "gcp dotted", "gcp json", "gcp json lines", "focus gcp")
OCI = ("oci", "focus oci")
NAMES = (*AWS, *AZURE, *GCP, *OCI)


def _wanted(provider: str) -> Counter:
    energy = [use for use in USES[provider] if use.kind == "Usage"]
    return Counter(
        (
            use.account, use.service, use.usage_type, use.operation, use.unit, use.region, use.instance_type,
            Fraction(use.quantity), use.start.replace(tzinfo=None), use.end.replace(tzinfo=None),
        )
        for use in energy
    )  # fmt: skip


@pytest.mark.parametrize("shape", NAMES)
def test_shape__any_export__gives_the_usage_that_was_written(shape, shapes, read_shape):
    provider, format_name, _, _ = shapes[shape]
    file, lines = read_shape(shape)
    assert (file.bill_format.provider, file.bill_format.name) == (provider, format_name)
    energy = [line for line in lines if line["line_type"] in file.bill_format.energy_line_types]
    # A corrected line stands beside its correction until duplicates are dropped.
    replaced = {(line["line_id"], line["start"]) for line in energy if line["revision"]}
    energy = [line for line in energy if line["revision"] or (line["line_id"], line["start"]) not in replaced]
    found = Counter(
        (
            line["account"], *(line[name] for name in KEY_FIELDS), Fraction(str(line["quantity"])), line["start"], line["end"],
        )
        for line in energy
    )  # fmt: skip
    wanted = Counter(
        {(key[0], key[1], key[2], key[3], key[4], key[5], key[6], *key[7:]): n for key, n in _wanted(provider).items()}
    )
    assert found == wanted


@pytest.mark.parametrize("shape", NAMES)
def test_shape__any_export__names_payer_period_currency_and_units(shape, shapes, read_shape, write_shape):
    provider = shapes[shape][0]
    file, lines = read_shape(shape)
    assert len({line["payer"] for line in lines}) == 1
    assert {line["currency"] for line in lines} == {"USD"}
    assert all((line["period_start"].year, line["period_start"].month) == (2026, 2) for line in lines)
    assert all(line["invoice"] for line in lines)
    assert all(unit_of(provider, line["unit"]) for line in lines if line["line_type"] in file.bill_format.energy_line_types)


@pytest.mark.parametrize(("shapes_of", "factor_set"), [(AWS, None), (AZURE, None), (GCP, None), (OCI, "2026-oci")])
def test_shapes__same_usage_in_every_export_of_a_provider__has_the_same_kilograms(shapes_of, factor_set, write_shape):
    factors = load_factor_set(factor_set) if factor_set else load_factor_set()
    found = {}
    for shape in shapes_of:
        with estimate([write_shape(shape)], factor_set=factors) as result:
            found[shape] = result.hours.to_pylist()
            assert result.counts.quarantined == 0
    first = found[shapes_of[0]]
    assert sum(row["operational_ug"] + row["embodied_ug"] for row in first) > 0
    assert all(rows == first for rows in found.values())


def test_shape__container_line__is_kept_without_energy(read_shape):
    _, lines = read_shape("cur csv")
    assert [line["line_type"] for line in lines if line["usage_type"].endswith("ECS-EC2-vCPU-Hours")] == ["SplitLineItem"]


def test_shape__azure_day__lasts_24_hours(read_shape):
    _, lines = read_shape("azure ea")
    assert {line["end"] - line["start"] for line in lines} == {timedelta(hours=24)}


def test_shape__oci_correction__counts_instead_of_the_line_it_names(write_shape, read_shape):
    _, lines = read_shape("oci")
    corrected, correction = lines[0], lines[-1]
    assert (correction["line_id"], correction["start"], correction["end"]) == (
        corrected["line_id"],
        corrected["start"],
        corrected["end"],
    )
    assert (corrected["revision"], correction["revision"]) == (0, 1)
