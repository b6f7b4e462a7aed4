"""A little usage of each provider: what `emissions.sample_exports` writes in every shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MONTH = datetime(2026, 2, 1, tzinfo=UTC)
NEXT = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class SampleUse:
    """One billed line. `kind` is Usage, Tax or Unused; `hours` is how long it lasts from `start` on."""

    start: datetime
    hours: int
    account: str
    service: str
    usage_type: str
    unit: str
    region: str
    quantity: str
    cost: str
    instance_type: str
    operation: str
    kind: str

    @property
    def end(self) -> datetime:
        """When the line ends."""
        return self.start + timedelta(hours=self.hours)


# account | service | usage type | unit | region | quantity | cost | instance type | operation | kind
_AWS = """
110022003300|AmazonEC2|APS3-BoxUsage:m5.large|Hrs|ap-south-1|1|0.101|m5.large|RunInstances|Usage
110022003300|AmazonEC2|APS3-EBS:VolumeUsage.gp3|GB-Mo|ap-south-1|0.7440476190|0.0678||CreateVolume|Usage
330044005500|AmazonS3|EUN1-TimedStorage-ByteHrs|GB-Mo|eu-north-1|12.5|0.2875||StandardStorage|Usage
330044005500|AmazonEC2|EUN1-DataTransfer-Out-Bytes|GB|eu-north-1|3.25|0.2925||RunInstances|Usage
330044005500|AWSLambda|EUN1-Lambda-GB-Second|Lambda-GB-Second|eu-north-1|4096.5|0.0683||Invoke|Usage
110022003300|AmazonEC2|APS3-BoxUsage:m5.large||||0.018|||Tax
"""
_AZURE = """
3f0c6a52-9d1b-4d27-8c55-6b8f2f1f0a11|Virtual Machines|Dv3/DSv3 Series - D2 v3/D2s v3|1 Hour|westus2|24|2.64|Standard_D2s_v3||Usage
3f0c6a52-9d1b-4d27-8c55-6b8f2f1f0a11|Storage|Premium SSD Managed Disks - P30 LRS Disk|1/Month|westus2|0.032258|3.9636|||Usage
3f0c6a52-9d1b-4d27-8c55-6b8f2f1f0a11|Storage|Tiered Block Blob - Hot LRS Data Stored|1 GB/Month|westus2|21.5|0.4161|||Usage
3f0c6a52-9d1b-4d27-8c55-6b8f2f1f0a11|Bandwidth|Inter-Region - Data Transfer Out|1 GB|eastus2|0.048125|0.0009625|||Usage
3f0c6a52-9d1b-4d27-8c55-6b8f2f1f0a11|Storage|Tiered Block Blob - Hot Read Operations|10K|eastus2|0.0007|0.0000301|||Usage
3f0c6a52-9d1b-4d27-8c55-6b8f2f1f0a11|Virtual Machines|Dv3/DSv3 Series - D2 v3/D2s v3|1 Hour|westus2|3|0.3|Standard_D2s_v3||Unused
"""
_GCP = """
aravali-prod|Compute Engine|N2 Instance Core running in Mumbai|seconds|asia-south1|7200|0.0664|n2-standard-2||Usage
aravali-prod|Compute Engine|N2 Instance Ram running in Mumbai|byte-seconds|asia-south1|30923764531200|0.0356|n2-standard-2||Usage
aravali-prod|Cloud Storage|Standard Storage Mumbai|byte-seconds|asia-south1|3865470566400000|0.0315|||Usage
aravali-web|Compute Engine|Network Internet Egress from Mumbai to Asia|bytes|asia-south1|734003200|0.087|||Usage
aravali-web|Invoice|Tax|||1|0.04|||Tax
"""
_OCI = """
ocid1.tenancy.oc1..aravali|COMPUTE|Standard - E4 - OCPU|1 NONE HOURS OCPU|ap-mumbai-1|2.000000000000|0.05|||Usage
ocid1.tenancy.oc1..aravali|COMPUTE|Standard - E4 - Memory|1 GiB HOURS MEMORY|ap-mumbai-1|32.0|0.048|||Usage
ocid1.tenancy.oc1..aravali|OBJECTSTORE|Object Storage - Storage|1 GiB MONTHS STORAGE_SIZE|ap-mumbai-1|0.7|0.0178|||Usage
ocid1.tenancy.oc1..aravali|NETWORK|Outbound Data Transfer Zone 2|1 GiB HOURS DATA_TRANSFERRED|ap-mumbai-1|1.25|0.03|||Usage
"""


def _uses(table: str, times: int, hours: int) -> Iterator[SampleUse]:
    """Each line of a table again and again, 23 hours later each time (a day where a line lasts a day)."""
    for place in range(times):
        start = MONTH + timedelta(hours=place * max(23, hours))
        for line in table.strip().splitlines():
            yield SampleUse(start, hours, *line.split("|"))


AWS_USES = tuple(_uses(_AWS, 29, 1))
AZURE_USES = tuple(_uses(_AZURE, 28, 24))
GCP_USES = tuple(_uses(_GCP, 29, 1))
OCI_USES = tuple(_uses(_OCI, 29, 1))
