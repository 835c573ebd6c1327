/** What `enginejs dev` prints when everything runs: addresses, tokens, and two lines to paste. */
import { tokenSettings } from "../project/token-settings.ts";
import { quoteIdentifier, quoteLiteral } from "../sql-ast/quote.ts";
import { type DemoQuery, demoEntity, demoQueryText } from "./demo-query.ts";
import type { DevState } from "./dev-session.ts";
import { shellWord } from "./shell-word.ts";
import { signPersonToken } from "./sign-person-token.ts";
import type { Terminal } from "./terminal.ts";

interface PersonWithToken {
  readonly label: string;
  readonly user: string;
  readonly tenant?: string;
  readonly describe?: string;
  readonly token: string;
}

/** Prints it, or with `--json` one object. */
export async function showDevState(state: DevState, terminal: Terminal): Promise<void> {
  const people = await withTokens(state);
  const demo = demoEntity(state.system);
  const first = people[0];
  const curl = demo && (await curlLine(state.graphql, demo, first));
  const psql = demo && psqlLine(state, demo, first);
  terminal.printJson({ ok: true, graphql: state.graphql, database: state.databaseUrl, people, curl, psql });
  terminal.print();
  terminal.print(`  ${terminal.style("bold", "GraphQL")}   ${state.graphql}   (in a browser: GraphiQL)`);
  if (people.length > 0) {
    terminal.print('            a token goes into its Headers tab: {"authorization": "Bearer …"}');
  }
  for (const person of people) {
    terminal.print();
    const about = person.describe === undefined ? "" : `   ${person.describe}`;
    terminal.print(`  ${terminal.style("bold", person.label)}${about}`);
    terminal.print(`  ${person.token}`);
  }
  if (curl !== undefined) {
    terminal.print();
    terminal.print(`  ${terminal.style("bold", "Ask as")} ${terminal.style("bold", first?.label ?? "nobody")}`);
    terminal.print(`  ${curl}`);
  }
  if (psql !== undefined) {
    terminal.print();
    terminal.print(`  ${terminal.style("bold", "The same in psql")}`);
    terminal.print(`  ${psql}`);
  }
  terminal.print();
  terminal.print("  Saves are followed. Ctrl-C stops everything.");
  terminal.print();
}

async function withTokens({ config, people }: DevState): Promise<PersonWithToken[]> {
  const settings = tokenSettings(config, { development: true });
  if (settings?.secret === undefined) return [];
  const { secret } = settings;
  return Promise.all(
    people.map(async (person) => ({ ...person, token: await signPersonToken(person, { ...settings, secret }, "30d") })),
  );
}

async function curlLine(
  endpoint: string,
  demo: DemoQuery,
  person: PersonWithToken | undefined,
): Promise<string | undefined> {
  const query = await demoQueryText(endpoint, demo);
  if (query === undefined) return undefined;
  const words = ["curl", "-s", endpoint, "-H", "content-type: application/json"];
  if (person !== undefined) words.push("-H", `authorization: Bearer ${person.token}`);
  words.push("-d", JSON.stringify({ query }));
  return words.map(shellWord).join(" ");
}

/** As the server's login does it: a transaction that begins a request, and then what the actor may see. */
function psqlLine(state: DevState, { entity, fields }: DemoQuery, person: PersonWithToken | undefined): string {
  const values = person === undefined ? ["enginejs_anonymous"] : ["enginejs_user", person.user, person.tenant];
  const request = Array.from({ length: 6 }, (_, i) => {
    const value = values[i];
    return value === undefined ? "null" : quoteLiteral(value);
  });
  const columns = fields.flatMap((name) => {
    const storage = entity.fields.find((field) => field.name === name)?.storage;
    return storage?.kind === "column" || storage?.kind === "generated" ? [storage.column] : [];
  });
  const table = [state.system.schema, entity.table].map(plainIdentifier).join(".");
  const select = `select ${columns.map(plainIdentifier).join(", ")} from ${table} limit 3`;
  const commands = ["begin", `select enginejs.begin_request(${request.join(", ")})`, select, "commit"];
  return ["psql", state.databaseUrl, ...commands.flatMap((command) => ["-c", command])].map(shellWord).join(" ");
}

/** Without quotes where it needs none: the line is for people. */
const plainIdentifier = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdentifier(name));
