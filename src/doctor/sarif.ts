/** Findings as SARIF 2.1.0, for services that show such reports. */
import type { Finding, Level } from "./finding.ts";
import type { Lint } from "./lint.ts";

const levelOf: Readonly<Record<Level, string>> = { error: "error", warn: "warning", info: "note" };

interface SarifInput {
  readonly findings: readonly Finding[];
  readonly lints: readonly Lint[];
  readonly skipped: readonly { readonly id: string; readonly reason: string }[];
  /** The database's name: findings have no file, and some readers insist on one. */
  readonly database: string;
  /** This package's. */
  readonly version: string;
}

/** One run with one rule for each lint. The statement that mends a finding is its property `fix`. */
export function toSarif({ findings, lints, skipped, database, version }: SarifInput) {
  const uri = `database/${encodeURIComponent(database)}`;
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "enginejs doctor",
            semanticVersion: version,
            rules: lints.map(({ id, title, why, fix, reference }) => ({
              id,
              shortDescription: { text: title },
              fullDescription: { text: why },
              help: { text: `Fix: ${fix}` },
              helpUri: reference,
            })),
          },
        },
        results: findings.map((finding) => ({
          ruleId: finding.id,
          ruleIndex: lints.findIndex(({ id }) => id === finding.id),
          level: levelOf[finding.level],
          message: { text: finding.what },
          locations: [
            {
              physicalLocation: { artifactLocation: { uri } },
              logicalLocations: [{ fullyQualifiedName: finding.object, kind: finding.kind }],
            },
          ],
          // The same finding is the same one in the next report.
          partialFingerprints: { "object/v1": `${finding.id}:${finding.object}` },
          properties: { fix: finding.fix },
        })),
        invocations: [
          {
            executionSuccessful: skipped.length === 0,
            toolExecutionNotifications: skipped.map(({ id, reason }) => ({
              level: "error",
              message: { text: reason },
              associatedRule: { id, index: lints.findIndex((lint) => lint.id === id) },
            })),
          },
        ],
        columnKind: "utf16CodeUnits",
      },
    ],
  };
}
