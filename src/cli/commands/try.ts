/** `enginejs try --as PERSON 'mutation …'`: what would come of a request, without anything coming of it. */
import { connect } from "../../database/connection.ts";
import { projectError } from "../../project/project-error.ts";
import { findProjectFolder } from "../../project/project-folder.ts";
import { type DryRunReport, dryRun } from "../../server/index.ts";
import { findActor } from "../administer.ts";
import { exitCode } from "../exit-code.ts";
import { openDatabase } from "../open-database.ts";
import { readBuild } from "../read-build.ts";
import { printable } from "../render-diagnostics.ts";
import type { Terminal } from "../terminal.ts";

export interface TryOptions {
  readonly as: string;
  readonly request: string;
  /** The request is one SQL statement. */
  readonly sql?: boolean;
  /** The variables of a GraphQL document, as JSON. */
  readonly variables?: string;
  readonly tenant?: string;
  readonly project?: string;
  readonly database?: string;
  readonly json?: boolean;
}

export async function tryRequest(options: TryOptions, terminal: Terminal): Promise<number> {
  const variables = variablesOf(options.variables);
  const folder = findProjectFolder(options.project);
  const database = await openDatabase(folder, options.database);
  try {
    const system = await readBuild(database.url);
    const client = await connect(database.url);
    const asked = async () => {
      // Before PostgreSQL 16 whoever builds inherits the tenant's wall of actors, and would find nobody.
      await client.query("set role enginejs_owner");
      return findActor(folder, client, system, options);
    };
    const { actor, tenant } = await asked().finally(() => client.end());
    const report = await dryRun({
      // A builder that is no superuser is given what it takes to become an actor.
      database: database.embedded ? database.url : await database.serviceUrl("server"),
      actor,
      tenant,
      request: options.sql ? { sql: options.request } : { graphql: options.request, variables },
    });
    terminal.printJson({ rolledBack: true, actor, tenant, ...report });
    for (const line of describe(report, terminal)) terminal.print(line);
    return report.ok ? exitCode.ok : exitCode.findings;
  } finally {
    await database.close();
  }
}

function variablesOf(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw projectError("EJS1002", "--variables is no JSON object.", {
    hint: `Write it as JSON: --variables '{"id": "0198…"}'.`,
  });
}

function* describe({ answer, events, rows }: DryRunReport, terminal: Terminal): Iterable<string> {
  yield terminal.style("bold", "It would be answered:");
  for (const line of JSON.stringify(answer, undefined, 2).split("\n")) yield `  ${printable(line)}`;
  yield "";
  yield terminal.style("bold", rows.length === 0 ? "No row would change." : "Rows that would change:");
  for (const { table, inserted, updated, deleted } of rows) {
    const parts = [
      inserted > 0 ? `${inserted} new` : "",
      updated > 0 ? `${updated} changed` : "",
      deleted > 0 ? `${deleted} gone` : "",
    ];
    yield `  ${printable(table)}: ${parts.filter(Boolean).join(", ")}`;
  }
  if (events.length > 0) {
    yield "";
    yield terminal.style("bold", "Events that would be written:");
  }
  for (const event of events) {
    const changed = event.changed?.length ? ` (${event.changed.join(", ")})` : "";
    yield `  ${printable(`${event.model}.${event.action} ${event.recordId ?? ""}${changed}`)}`;
    for (const { rule, effect, verdict } of event.rules) {
      const word = verdict === null ? "unknown" : verdict ? "yes" : "no";
      yield `    ${effect.padEnd(8)} ${word.padEnd(7)}  ${printable(rule)}`;
    }
    for (const { name, conditional } of event.workflows) {
      yield `    would start ${printable(name)}${conditional ? ", where its condition holds" : ""}`;
    }
  }
  yield "";
  yield terminal.style("gray", "All of it was rolled back.");
}
