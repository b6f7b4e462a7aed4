"""What AWS's own exports and its FOCUS export have in common: units, names of services, line types."""

from __future__ import annotations

from fractions import Fraction

from emissions.billing.units import Unit

# Line types other than these (Tax, Fee, RIFee, Credit, Refund, SavingsPlanNegation, …) move money, not electrons.
ENERGY_LINE_TYPES = frozenset({"Usage", "DiscountedUsage", "SavingsPlanCoveredUsage"})

# A Lambda gigabyte-second is valued as the share of a processor that comes with it; so it is a second here and not a
# gigabyte kept for a second.
UNITS = {
    **dict.fromkeys(("lambda-gb-second", "lambda-gb-seconds", "gb-second", "gb-seconds"), Unit("second", Fraction(1))),
    **dict.fromkeys(("second", "seconds"), Unit("second", Fraction(1))),
}

# FOCUS without AWS's own columns names services in full; the factor sets know AWS's product codes.
PRODUCT_CODES = {
    "Amazon Elastic Compute Cloud": "AmazonEC2",
    "Amazon Elastic Compute Cloud - Compute": "AmazonEC2",
    "EC2 - Other": "AmazonEC2",
    "Amazon Simple Storage Service": "AmazonS3",
    "Amazon Relational Database Service": "AmazonRDS",
    "Amazon Relational Database Service (RDS)": "AmazonRDS",
    "AWS Lambda": "AWSLambda",
    "Amazon DynamoDB": "AmazonDynamoDB",
    "Amazon ElastiCache": "AmazonElastiCache",
    "Amazon Redshift": "AmazonRedshift",
    "Amazon OpenSearch Service": "AmazonES",
    "Amazon Elastic Container Service": "AmazonECS",
    "Amazon Elastic Container Service for Kubernetes": "AmazonEKS",
    "Amazon Elastic Kubernetes Service": "AmazonEKS",
    "Amazon EC2 Container Registry (ECR)": "AmazonECR",
    "Amazon Elastic Container Registry": "AmazonECR",
    "Amazon Elastic File System": "AmazonEFS",
    "Amazon CloudFront": "AmazonCloudFront",
    "AmazonCloudWatch": "AmazonCloudWatch",
    "Amazon CloudWatch": "AmazonCloudWatch",
    "Amazon Virtual Private Cloud": "AmazonVPC",
    "Amazon Route 53": "AmazonRoute53",
    "Amazon Simple Notification Service": "AmazonSNS",
    "Amazon Simple Queue Service": "AWSQueueService",
    "AWS Key Management Service": "awskms",
    "AWS Glue": "AWSGlue",
    "AWS Secrets Manager": "AWSSecretsManager",
    "AWS CloudTrail": "AWSCloudTrail",
    "AWS Data Transfer": "AWSDataTransfer",
    "AWS Elastic Load Balancing": "AWSELB",
    "Elastic Load Balancing": "AWSELB",
    "Amazon SageMaker": "AmazonSageMaker",
    "Amazon Bedrock": "AmazonBedrock",
    "Amazon Kinesis": "AmazonKinesis",
    "Amazon Athena": "AmazonAthena",
    "Amazon Elastic MapReduce": "ElasticMapReduce",
    "Amazon EMR": "ElasticMapReduce",
    "Amazon Managed Streaming for Apache Kafka": "AmazonMSK",
    "Amazon DocumentDB (with MongoDB compatibility)": "AmazonDocDB",
    "Amazon Neptune": "AmazonNeptune",
}
