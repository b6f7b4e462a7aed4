"""Generated CUR 2.0 bills for measuring: thousands of distinct rate keys, as a company of a hundred accounts has them.

Resources are drawn once from a fixed seed; each has one line in every hour of February 2026, so a bill of any length
has the same make-up. Deterministic: the same arguments give the same lines.
"""

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import pyarrow as pa

_HOURS = 672
_REGIONS = {
    "us-east-1": ("", 30),
    "ap-south-1": ("APS3-", 25),
    "eu-north-1": ("EUN1-", 12),
    "eu-west-1": ("EU-", 10),
    "us-west-2": ("USW2-", 8),
    "eu-central-1": ("EUC1-", 5),
    "ap-southeast-1": ("APS1-", 4),
    "ap-northeast-1": ("APN1-", 3),
    "ca-central-1": ("CAN1-", 2),
    "sa-east-1": ("SAE1-", 1),
}
_FAMILIES = (
    "m5",
    "m6i",
    "m6g",
    "m7i",
    "m7g",
    "c5",
    "c6i",
    "c6g",
    "c7g",
    "r5",
    "r6i",
    "r6g",
    "r7g",
    "t3",
    "t3a",
    "t4g",
    "i3",
    "x2gd",
)
_SIZES = ("medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge")
_SYSTEMS = ("RunInstances", "RunInstances:0002", "RunInstances:0010")
# (share, service, usage type, operation, unit, instance type, quantities per line, money per line)
_KINDS = (
    (38, "AmazonEC2", "BoxUsage:{type}", "{system}", "Hrs", "{type}", (1.0, 1.0), 0.12),
    (6, "AmazonEC2", "SpotUsage:{type}", "RunInstances:SV002", "Hrs", "{type}", (0.25, 1.0), 0.04),
    (16, "AmazonEC2", "EBS:VolumeUsage.{disk}", "CreateVolume-{disk}", "GB-Mo", "", (0.01, 0.7), 0.01),
    (3, "AmazonEC2", "EBS:SnapshotUsage", "CreateSnapshot", "GB-Mo", "", (0.01, 2.0), 0.01),
    (5, "AmazonEC2", "DataTransfer-Regional-Bytes", "InterZone-Out", "GB", "", (0.0, 3.0), 0.01),
    (4, "AmazonEC2", "DataTransfer-Out-Bytes", "RunInstances", "GB", "", (0.0, 1.0), 0.02),
    (5, "AmazonRDS", "InstanceUsage:db.{type}", "CreateDBInstance:0014", "Hrs", "db.{type}", (1.0, 1.0), 0.3),
    (2, "AmazonRDS", "RDS:GP3-Storage", "CreateDBInstance:0014", "GB-Mo", "", (0.1, 1.0), 0.02),
    (2, "AmazonElastiCache", "NodeUsage:cache.{type}", "CreateCacheCluster:0002", "Hrs", "cache.{type}", (1.0, 1.0), 0.2),
    (4, "AmazonS3", "TimedStorage-ByteHrs", "StandardStorage", "GB-Mo", "", (0.001, 5.0), 0.01),
    (4, "AmazonS3", "Requests-Tier{tier}", "{request}", "Requests", "", (1.0, 5000.0), 0.001),
    (4, "AWSLambda", "Lambda-GB-Second", "Invoke", "Lambda-GB-Second", "", (0.1, 900.0), 0.001),
    (2, "AWSLambda", "Request", "Invoke", "Requests", "", (1.0, 9000.0), 0.0),
    (2, "AmazonDynamoDB", "ReadCapacityUnit-Hrs", "CommittedThroughput", "ReadCapacityUnit-Hrs", "", (1.0, 40.0), 0.01),
    (1, "AmazonBedrock", "Claude4Sonnet-{tokens}-tokens", "InvokeModelInference", "1K tokens", "", (0.1, 50.0), 0.05),
    (1, "AmazonKinesis", "Storage-ShardHour", "shardHourStorage", "ShardHour", "", (1.0, 4.0), 0.015),
    (1, "AmazonCloudWatch", "CW:MetricMonitorUsage", "MetricStorage", "Metrics", "", (0.001, 0.1), 0.001),
)
_LINES = """
SELECT left(md5(n::VARCHAR) || md5((n + 1)::VARCHAR), 52) AS identity_line_item_id,
  strftime(start, '%Y-%m-%dT%H:00:00Z') || '/' || strftime(start + INTERVAL 1 HOUR, '%Y-%m-%dT%H:00:00Z')
    AS identity_time_interval,
  'INV1' AS bill_invoice_id, 'AWS' AS bill_billing_entity, 'Anniversary' AS bill_bill_type,
  '900011112222' AS bill_payer_account_id, {period} AS bill_billing_period_start_date,
  account AS line_item_usage_account_id, line_type AS line_item_line_item_type,
  {start} AS line_item_usage_start_date, {end} AS line_item_usage_end_date, service AS line_item_product_code,
  usage_type AS line_item_usage_type, operation AS line_item_operation, arn AS line_item_resource_id,
  {quantity} AS line_item_usage_amount, 'USD' AS line_item_currency_code, {cost} AS line_item_unblended_cost,
  {reserved} AS reservation_effective_cost, {planned} AS savings_plan_savings_plan_effective_cost,
  'USD 0.101 per On Demand Linux Instance Hour' AS line_item_line_item_description, unit AS pricing_unit,
  '{{"region":"Asia Pacific (Mumbai)","operating_system":"Linux"}}' AS product, region AS product_region_code,
  instance_type AS product_instance_type
FROM (
  SELECT n, resource.*, TIMESTAMP '2026-02-01' + INTERVAL 1 HOUR * hour AS start,
    round(low + (high - low) * (hash(n) % 1000) / 1000, 10) AS amount, round(money * (1 + hash(n) % 7), 6) AS paid
  FROM (SELECT range AS n, {resource} AS id, {hour} AS hour FROM range({lines})) JOIN resource USING (id)
)
"""


def _resources(count: int, accounts: int) -> pa.Table:
    draw = random.Random(7)
    rows = []
    names = [f"{100000000000 + 7919 * number}" for number in range(accounts)]
    weights = [1 / (1 + rank) ** 0.7 for rank in range(accounts)]
    for number in range(count):
        region = draw.choices(list(_REGIONS), [share for _, share in _REGIONS.values()])[0]
        _, service, usage_type, operation, unit, instance_type, (low, high), money = draw.choices(
            _KINDS, [kind[0] for kind in _KINDS]
        )[0]
        words = {
            "type": f"{draw.choice(_FAMILIES)}.{draw.choice(_SIZES)}",
            "disk": draw.choice(("gp3", "gp3", "gp2", "io2", "st1")),
            "system": draw.choice(_SYSTEMS),
            "tier": draw.choice("12"),
            "request": draw.choice(("GetObject", "PutObject", "ListBucket", "HeadObject")),
            "tokens": draw.choice(("input", "output")),
        }
        line_type = draw.choices(("Usage", "DiscountedUsage", "SavingsPlanCoveredUsage", "Credit"), (75, 10, 14, 1))[0]
        rows.append(
            {
                "id": number,
                "account": draw.choices(names, weights)[0],
                "line_type": line_type if unit == "Hrs" or line_type == "Credit" else "Usage",
                "service": service,
                "usage_type": _REGIONS[region][0] + usage_type.format(**words),
                "operation": operation.format(**words),
                "unit": unit,
                "region": region,
                "instance_type": instance_type.format(**words),
                "arn": f"arn:aws:ec2:{region}::instance/i-{draw.randbytes(9).hex()}",
                "low": low,
                "high": high,
                "money": money,
            }
        )
    return pa.Table.from_pylist(rows)


def write_bill(path: Path, lines: int, *, order: str = "hour", accounts: int = 120) -> None:
    """A generated CUR 2.0 bill: texts in CSV, timestamps and doubles in Parquet, as AWS delivers them.

    `order` "hour" has the lines hour by hour; "resource" has all hours of one resource together, so that every part of
    the file spans the month.
    """
    parquet = path.suffix == ".parquet"
    count = max(1, lines // _HOURS)

    def moment(expression: str) -> str:
        return expression if parquet else f"strftime({expression}, '%Y-%m-%dT%H:%M:%SZ')"

    def number(expression: str) -> str:
        return f"({expression})::DOUBLE" if parquet else f"coalesce(({expression})::VARCHAR, '')"

    query = _LINES.format(
        period=moment("TIMESTAMP '2026-02-01'"),
        start=moment("start"),
        end=moment("start + INTERVAL 1 HOUR"),
        quantity=number("amount"),
        cost=number("CASE line_type WHEN 'DiscountedUsage' THEN 0 ELSE paid END"),
        reserved=number("CASE line_type WHEN 'DiscountedUsage' THEN paid ELSE 0 END"),
        planned=number("CASE line_type WHEN 'SavingsPlanCoveredUsage' THEN paid / 2 ELSE 0 END"),
        lines=lines,
        resource=f"range % {count}" if order == "hour" else f"(range // {_HOURS}) % {count}",
        hour=f"least(range // {count}, {_HOURS - 1})" if order == "hour" else f"range % {_HOURS}",
    )
    form = "FORMAT parquet, COMPRESSION snappy" if parquet else "FORMAT csv, HEADER"
    with duckdb.connect(config={"threads": 2, "memory_limit": "2GiB"}) as connection:
        connection.register("resource_arrow", _resources(count, accounts))
        connection.execute("CREATE TABLE resource AS SELECT * FROM resource_arrow")
        connection.execute(f"COPY ({query}) TO '{path}' ({form})")
