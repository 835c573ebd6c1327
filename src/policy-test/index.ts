export { differenceFindings, survivorFindings } from "./findings.ts";
export { countCases } from "./summary.ts";
export { testPolicies } from "./test-policies.ts";
