// Makes footprints.csv with Cloud Carbon Footprint's own npm packages:
//   mkdir /tmp/ccf && cd /tmp/ccf && npm init -y
//   npm i @cloud-carbon-footprint/aws@0.15.0 @cloud-carbon-footprint/core@0.17.3 @cloud-carbon-footprint/common@1.15.0
//   NODE_PATH=/tmp/ccf/node_modules node make_footprints.cjs footprints.csv
// Every instance type that the package lists, and the other kinds of usage, each with what the package itself answers.
// The package logs to the standard output, so the vectors go to a file.
const made = []
const print = (text) => made.push(text)

const at = '@cloud-carbon-footprint/aws/dist/'
const Row = require(at + 'lib/CostAndUsageReportsRow.js').default
const Compute = require(at + 'lib/AWSComputeEstimatesBuilder.js').default
const Memory = require(at + 'lib/AWSMemoryEstimatesBuilder.js').default
const Reports = require(at + 'lib/CostAndUsageReports.js').default
const types = require(at + 'lib/AWSInstanceTypes.js')
const { AWS_CLOUD_CONSTANTS: constants, AWS_EMISSIONS_FACTORS_METRIC_TON_PER_KWH: grid } = require(at + 'domain')
const core = require('@cloud-carbon-footprint/core')

const parts = {
  compute: new core.ComputeEstimator(),
  memory: new core.MemoryEstimator(constants.MEMORY_COEFFICIENT),
}
const reports = new Reports(
  parts.compute,
  new core.StorageEstimator(constants.SSDCOEFFICIENT),
  new core.StorageEstimator(constants.HDDCOEFFICIENT),
  new core.NetworkingEstimator(constants.NETWORKING_COEFFICIENT),
  parts.memory,
  new core.UnknownEstimator(constants.ESTIMATE_UNKNOWN_USAGE_BY),
  new core.EmbodiedEmissionsEstimator(constants.SERVER_EXPECTED_LIFESPAN),
)
const HOURS = ['Hrs', 'Hours', 'hours', 'vCPU-Hours', 'DPU-Hour', 'ACU-Hr']

function line(service, usageType, unit, region, month, amount) {
  const row = () => new Row(new Date(month + '-10T00:00:00Z'), 'a', 'a', region, service, usageType, unit, null, amount, 1, {})
  const unknown = []
  const whole = reports.getFootprintEstimateFromUsageRow(row(), unknown, grid)
  const own = row()
  let compute = '', memory = '', embodied = ''
  if (HOURS.includes(own.usageUnit) && whole) {
    compute = new Compute(row(), parts.compute, grid).computeFootprint.kilowattHours
    memory = new Memory(row(), parts.memory, grid).memoryFootprint.kilowattHours
    embodied = reports.getEmbodiedEmissions(row(), grid).co2e
  }
  const kind = unknown.length ? 'unknown' : whole ? 'known' : 'none'
  return [service, usageType, unit, region, month, amount, kind, compute, memory, embodied,
    whole ? whole.kilowattHours : '', whole ? whole.co2e : ''].join(',')
}

print('service,usage_type,unit,region,month,amount,kind,compute_kwh,memory_kwh,embodied_t,kwh,co2e_t')
const families = { ...types.EC2_INSTANCE_TYPES }
for (const family in families)
  for (const size in families[family])
    print(line('AmazonEC2', `BoxUsage:${family}.${size}`, 'Hrs', 'us-east-1', '2026-02', 24))
const regions = Object.keys(grid)
for (const region of regions) print(line('AmazonEC2', 'BoxUsage:m5.large', 'Hrs', region, '2026-02', 1.5))
for (const [service, usageType, unit] of [
  ['AmazonRDS', 'APS3-Multi-AZUsage:db.r5.2xlarge', 'Hrs'], ['AmazonRDS', 'InstanceUsage:db.t3.medium', 'Hrs'],
  ['AmazonRDS', 'Aurora:ServerlessUsage', 'ACU-Hr'], ['AmazonRDS', 'Aurora:ServerlessV2Usage', 'ACU-Hr'],
  ['AmazonElastiCache', 'NodeUsage:cache.r6g.large', 'Hrs'], ['AmazonElastiCache', 'USW2-NodeUsage:cache.t2.micro', 'Hrs'],
  ['AmazonRedshift', 'Node:dc2.large', 'Hrs'], ['AmazonRedshift', 'RMS:ra3.4xlarge', 'seconds'],
  ['AmazonRedshift', 'Node:ra3.xl', 'Hrs'], ['AmazonMSK', 'APS3-Kafka.m5.large', 'hours'], ['AmazonES', 'ESInstance:m5.large', 'Hrs'],
  ['AmazonES', 'ESInstance:r5.xlarge.search', 'Hrs'], ['AmazonSageMaker', 'Host:ml.m5.xlarge', 'Hrs'], ['AWSGlue', 'ETL-DPU-Hour', 'DPU-Hour'],
  ['AmazonECS', 'Fargate-vCPU-Hours:perCPU', 'hours'], ['AmazonECS', 'Fargate-GB-Hours', 'hours'], ['AmazonECS', 'ECS-EC2-GB-Hours', 'GB-Hours'],
  ['AmazonEC2', 'CPUCredits:t3', 'vCPU-Hours'], ['AmazonEC2', 'BoxUsage:m7i.large', 'Hrs'], ['AmazonEC2', 'BoxUsage:u-6tb1.metal', 'Hrs'],
  ['AmazonEC2', 'EBS:VolumeUsage.gp3', 'GB-Mo'], ['AmazonEC2', 'EBS:VolumeUsage.st1', 'GB-Mo'], ['AmazonEC2', 'EBS:VolumeUsage', 'GB-month'],
  ['AmazonEC2', 'EBS:SnapshotUsage', 'GB-Mo'], ['AmazonEC2', 'EBS:VolumeP-IOPS.gp3', 'IOPS-Mo'], ['AmazonEC2', 'NatGateway-Hours', 'Hrs'],
  ['AmazonEC2', 'DataTransfer-Out-Bytes', 'GB'], ['AmazonEC2', 'DataTransfer-In-Bytes', 'GB'], ['AmazonEC2', 'APS3-USE1-AWS-Out-Bytes', 'GB'],
  ['AmazonCloudFront', 'DataTransfer-Out-Bytes', 'GB'], ['AmazonS3', 'TimedStorage-ByteHrs', 'GB-Mo'], ['AmazonS3', 'TimedStorage-ZIA-ByteHrs', 'GB-Mo'],
  ['AmazonS3', 'Requests-Tier1', 'Requests'], ['AmazonEFS', 'TimedStorage-ByteHrs', 'GB-Mo'], ['AmazonEFS', 'EFSIA-Storage', 'GB-Mo'],
  ['AmazonDynamoDB', 'TimedStorage-ByteHrs', 'GB-Mo'], ['AmazonDynamoDB', 'Storage', 'GB-Mo'], ['AmazonRDS', 'RDS:GP2-Storage', 'GB-Mo'],
  ['AmazonRDS', 'RDS:Multi-AZ-GP3-Storage', 'GB-Mo'], ['AmazonRDS', 'Aurora:BackupUsage', 'GB-Mo'], ['AmazonRDS', 'RDS:ChargedBackupUsage', 'GB-Mo'],
  ['AmazonDocDB', 'StorageUsage', 'GB-Mo'], ['AmazonECR', 'TimedStorage-ByteHrs', 'GB-Mo'], ['AmazonSimpleDB', 'BoxUsage', 'Hrs'],
  ['AmazonFSx', 'Storage.SSD', 'GB-Mo'], ['AWSLambda', 'Lambda-GB-Second', 'Lambda-GB-Second'], ['AWSLambda', 'Lambda-GB-Second-ARM', 'Second'],
  ['AWSLambda', 'Request', 'Requests'], ['AmazonCloudWatch', 'TimedStorage-ByteHrs', 'GB-Mo'], ['AWSSupportBusiness', 'Dollar', ''],
])
  for (const [region, month] of [['us-east-1', '2026-02'], ['eu-north-1', '2026-03'], ['ap-south-2', '2024-02']])
    print(line(service, usageType, unit, region, month, 123.456))
require('fs').writeFileSync(process.argv[2], made.join('\n') + '\n')
