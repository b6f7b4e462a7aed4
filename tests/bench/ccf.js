// Cloud Carbon Footprint on the lines of a bill: its own npm package, its own loop over rows, rows from a file
// instead of from Athena. node ccf.js PACKAGES ROWS.csv prints seconds, rows and MiB as JSON.
'use strict'
const { readFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const [, , packages, path] = process.argv
const load = createRequire(packages + '/')
const { CostAndUsageReports, AWS_CLOUD_CONSTANTS: known } = load('@cloud-carbon-footprint/aws')
const core = load('@cloud-carbon-footprint/core')
const { setConfig } = load('@cloud-carbon-footprint/common')
setConfig({ AWS: { accounts: [], RESOURCE_TAG_NAMES: [], ATHENA_REGION: 'us-east-1' } })

const rows = readFileSync(path, 'utf8').trimEnd().split('\n')
  .map((line) => ({ Data: line.split(',').map((text) => ({ VarCharValue: text.replace(/^"|"$/g, '') })) }))
class FromFile extends CostAndUsageReports {
  async getUsage() { return [{}, ...rows] }
}
const reports = new FromFile(
  new core.ComputeEstimator(),
  new core.StorageEstimator(known.SSDCOEFFICIENT),
  new core.StorageEstimator(known.HDDCOEFFICIENT),
  new core.NetworkingEstimator(known.NETWORKING_COEFFICIENT),
  new core.MemoryEstimator(known.MEMORY_COEFFICIENT),
  new core.UnknownEstimator(known.ESTIMATE_UNKNOWN_USAGE_BY),
  new core.EmbodiedEmissionsEstimator(known.SERVER_EXPECTED_LIFESPAN),
  {},
)
// It would log each line it cannot value.
reports.costAndUsageReportsLogger = { debug() {}, info() {}, warn() {}, error() {} }
async function run() {
  const started = process.hrtime.bigint()
  const before = process.cpuUsage()
  const days = await reports.getEstimates(new Date('2026-02-01'), new Date('2026-03-01'), 'day')
  const cpu = process.cpuUsage(before)
  const kwh = days.flatMap((day) => day.serviceEstimates).reduce((sum, one) => sum + one.kilowattHours, 0)
  console.log(JSON.stringify({
    rows: rows.length,
    seconds: Number(process.hrtime.bigint() - started) / 1e9,
    cpu_seconds: (cpu.user + cpu.system) / 1e6,
    peak_mib: process.resourceUsage().maxRSS / 1024,
    kwh,
  }))
}
run()
