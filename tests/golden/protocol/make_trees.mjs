// Makes trees.json and canonical.json with a second implementation: OpenZeppelin's own merkle-tree package for the
// trees, and JSON.stringify over sorted names (the reference form of RFC 8785) with node's SHA-256 for the texts.
// Run: node tests/golden/protocol/make_trees.mjs   (the test compares its output with the committed files)
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";

const out = process.argv[2] ?? new URL(".", import.meta.url).pathname;
const word = (text) => "0x" + createHash("sha256").update(text).digest("hex");
const wallets = ["0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"];

const numbers = (count) => Array.from({ length: count }, (_, i) => [String(i * i)]);
const leaves = (count) =>
  Array.from({ length: count }, (_, i) => {
    const ug = 215643106000000n * BigInt(i + 1);
    return [word(`node ${i}`), wallets[i % 3], String(485015 + i), String(ug), String(ug * 10n ** 9n), String(i % 7), word(`history ${i}`)];
  });
const key = (usage) => JSON.stringify({ operation: "RunInstances", provider: "aws", region: "ap-south-1", service: "AmazonEC2", unit: "Hrs", usage_type: usage });
const lines = [
  ["484296", key("APS3-BoxUsage:m5.large"), "1", "0"],
  ["484296", key("APS3-BoxUsage:m5.large"), "1", "1"],
  ["484296", key("APS3-EBS:VolumeUsage.gp3"), "-0.125", "0"],
  ["484297", key("ü ≤ 😀"), "1234567890123456789.000000000001", "0"],
];
const hours = [["484296", "1500000"], ["484297", "-12"], ["484300", "0"]];
const history = [
  [word("report 1"), "484296", "485015", "215643106000000"],
  [word("report 2"), "485016", "485759", "-7"],
];
const LEAF = ["bytes32", "address", "uint64", "uint128", "uint256", "uint8", "bytes32"];
const trees = Object.entries({
  one_number: [numbers(1), ["uint256"]],
  two_numbers: [numbers(2), ["uint256"]],
  three_numbers: [numbers(3), ["uint256"]],
  equal_numbers: [[["7"], ["7"], ["8"]], ["uint256"]],
  thousand_numbers: [numbers(1000), ["uint256"]],
  one_leaf: [leaves(1), LEAF],
  seven_leaves: [leaves(7), LEAF],
  lines: [lines, ["uint64", "string", "string", "uint32"]],
  hours: [hours, ["uint64", "int128"]],
  history: [history, ["bytes32", "uint64", "uint64", "int128"]],
}).map(([name, [values, types]]) => {
  const tree = StandardMerkleTree.of(values, types);
  const shown = values.length > 10 ? [0, 1, values.length - 1] : values.map((_, i) => i);
  return {
    name, types, root: tree.root, count: values.length,
    values: values.length > 10 ? "squares" : values,
    leaves: shown.map((i) => ({ index: i, hash: tree.leafHash(values[i]), proof: tree.getProof(i) })),
  };
});
writeFileSync(`${out}/trees.json`, JSON.stringify({ made_by: "@openzeppelin/merkle-tree 1.0.8", trees }, null, 1) + "\n");

function canonical(value) {
  if (Array.isArray(value)) return "[" + value.map(canonical).join(",") + "]";
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return "{" + Object.keys(value).sort().map((name) => JSON.stringify(name) + ":" + canonical(value[name])).join(",") + "}";
}
const values = {
  lines: { rate_keys: [key("APS3-BoxUsage:m5.large"), key("APS3-EBS:VolumeUsage.gp3"), key("ü ≤ 😀")], lines: [[484296, 0, "1"], [484296, 0, "1"], [484296, 1, "-0.125"], [484297, 2, "1234567890123456789.000000000001"]] },
  claim: {
    schema: "cloudtuner.claim/1", certificate_id: "CT-2026-000001", class: "R",
    issued_for: { legal_name: "Aravali Components Pvt. Ltd. – पुणे", identifiers: { cin: "U00000MH2026PTC000000" } },
    beneficiary: { legal_name: "Aravali Components Pvt. Ltd. – पुणे", address: wallets[0] }, account: wallets[0],
    period: { label: "April 2025", hour_from: 484296, hour_through: 485015 }, quantity_ug: "1499988",
    lots: [{ node: word("node 0"), epoch: 1, leaf_hash: word("leaf"), claim_tx: word("tx"), hour_from: 484296, hour_through: 484297, first_hour_ug: "1500000", last_hour_ug: "-12", ug: "1499988", history_root: word("history 0") }],
    emissions: { operational_ug: "1000000", embodied_ug: "499988", low_ug: "900000", high_ug: "2100000", energy_uwh: "7000000", by_region: [{ region: "ap-south-1", ug: "1499988", basis: "direct" }], by_basis: { direct_ug: "1499988", lifecycle_ug: "0" } },
    data_quality: { measured_ug: "0", estimated_ug: "1499988", proxy_ug: "0", unknown_ug: "0" },
    level: 0, validators: { agreed: 4, of: 4 }, factor_set: word("factors"), engine: word("engine"), method: "CloudTuner method 1", approval: "single-person",
    purpose: "Annual record", chain: { id: 31337, retirement: wallets[1], ct02: wallets[2] }, salt: word("salt"),
  },
};
const texts = Object.entries(values).map(([name, value]) => {
  const text = canonical(value);
  return { name, value, text, sha256: "0x" + createHash("sha256").update(text, "utf8").digest("hex") };
});
writeFileSync(`${out}/canonical.json`, JSON.stringify({ made_by: "JSON.stringify over sorted names, node:crypto", texts }, null, 1) + "\n");
