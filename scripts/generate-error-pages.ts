import { errorStages } from "../src/errors/registry.ts";

const stageTitles: Readonly<Record<keyof typeof errorStages, string>> = {
  project: "Project and command line",
  expression: "Expressions",
  model: "Model",
  process: "Processes",
  compile: "Compiling and planning",
  database: "Database",
  request: "Requests",
  workflow: "Workflows",
};

/** `docs/errors.md`: a heading per code, grouped by stage, from the registry alone. */
export function generateErrorPages(): string {
  const lines = [
    "# Errors",
    "",
    "Every code that EngineJS can give. Made from `src/errors/` by `npm run generate`; codes are never reused.",
  ];
  for (const [stage, definitions] of Object.entries(errorStages)) {
    lines.push("", `## ${stageTitles[stage as keyof typeof errorStages]}`);
    const sorted = Object.entries(definitions).sort(([a], [b]) => a.localeCompare(b));
    for (const [code, { title, detail, hint }] of sorted) {
      lines.push("", `### ${code}: ${title}`, "", detail, "", `**To mend it:** ${hint}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
