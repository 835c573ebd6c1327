/** The commands and their options, as commander takes them. Each command's own module is loaded when it runs. */
import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { Terminal } from "./terminal.ts";

/** What a command's module exports under the command's name: runs it and gives the exit code. */
type Runner<O> = (options: O, terminal: Terminal) => Promise<number>;

/** @param onEnd is given the exit code of the command that ran */
export function createProgram(onEnd: (code: number) => void): Command {
  const program = new Command("enginejs");
  program
    .description(
      "A backend declared once, in TypeScript: tables, row level security, GraphQL and durable workflows in PostgreSQL.",
    )
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "explain a command")
    .helpCommand("help [command]", "explain a command")
    .addHelpText("after", generalHelp);

  const add = <O extends { json?: boolean }>(
    parent: Command,
    name: string,
    description: string,
    help: string,
    load: () => Promise<Runner<O>>,
  ): Command =>
    parent
      .command(name)
      .description(description)
      .addHelpText("after", help)
      .action(async (...given: unknown[]) => {
        // Commander passes the arguments, the options, the command.
        const [command, options] = given.toReversed() as [Command, O];
        const named = Object.fromEntries(
          command.registeredArguments.map((argument, i) => [argument.name(), command.processedArgs[i] as unknown]),
        );
        const runner = await load();
        onEnd(await runner({ ...options, ...named }, new Terminal({ json: options.json })));
      });

  const sql = program.command("sql").description("compile the model into SQL");
  add(
    sql,
    "build",
    "compile the model into sql/, and bring a database to it",
    buildHelp,
    async () => (await import("./commands/sql-build.ts")).sqlBuild,
  )
    .addOption(project())
    .option("--database <url>", "plan against this database and apply")
    .option("--dry-run", "show what would be done, write and apply nothing")
    .option("--check", "like --dry-run, and exit with 1 when something would change")
    .option("--out <dir>", "write the SQL files below this folder instead of the project's")
    .addOption(json());

  add(
    program,
    "dev",
    "database, server and worker in one process, following every save",
    devHelp,
    async () => (await import("./commands/dev.ts")).dev,
  )
    .addOption(project())
    .addOption(database())
    .option("--port <number>", "GraphQL's port; the next free one from 4000 unless given", portNumber)
    .addOption(json());
  add(
    program,
    "serve",
    "the GraphQL server, from the build that the database holds",
    serveHelp,
    async () => (await import("./commands/serve.ts")).serve,
  )
    .addOption(project())
    .addOption(database())
    .option("--port <number>", "the port to listen on (default: 4000)", portNumber)
    .option("--host <address>", "the address to listen on (default: all)");
  add(
    program,
    "worker",
    "the worker: runs the workflows that the database's events start",
    workerHelp,
    async () => (await import("./commands/worker.ts")).worker,
  )
    .addOption(project())
    .addOption(database())
    .option("--concurrency <number>", "how many runs at once (default: 10)", positiveNumber);
  add(program, "seed", "run the project's seed.ts", seedHelp, async () => (await import("./commands/seed.ts")).seed)
    .addOption(project())
    .addOption(database())
    .addOption(json());
  add(
    program,
    "token",
    "print a token to call GraphQL with",
    tokenHelp,
    async () => (await import("./commands/token.ts")).token,
  )
    .requiredOption("--as <person>", "a user's id or e-mail address, or the label of one of the seed's people")
    .option("--tenant <id>", "the tenant that the token is for; needed where the person has several")
    .option("--expires <time>", "how long it is valid: 15m, 8h, 30d", "8h")
    .addOption(project())
    .addOption(database())
    .addOption(json());
  add(
    program,
    "inspect",
    "show the SQL of an entity or object, its line in the model, and why it is there",
    inspectHelp,
    async () => (await import("./commands/inspect.ts")).inspect,
  )
    .argument("<name>", "an entity, a table, policy, function, trigger or index")
    .addOption(project())
    .addOption(json());
  add(program, "new", "make a new project", newHelp, async () => (await import("./commands/new.ts")).newProject)
    .argument("<dir>", "the folder to make; its name becomes the project's")
    .addOption(json());

  prepare(program);
  return program;
}

/** Errors are thrown, not printed and exited on: `main` renders them. */
function prepare(command: Command): void {
  command
    .exitOverride()
    .showSuggestionAfterError(false)
    .allowExcessArguments(false)
    .configureOutput({ outputError: () => undefined });
  for (const child of command.commands) prepare(child);
}

function packageVersion(): string {
  return (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string })
    .version;
}

const project = () => new Option("--project <dir>", "the project's folder; the nearest one upwards unless given");
const database = () =>
  new Option("--database <url>", "the database; the project's embedded one unless given").env("DATABASE_URL");
const json = () => new Option("--json", "print the result as JSON");

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) throw new InvalidArgumentError("A port is a number from 0 to 65535.");
  return port;
}

function positiveNumber(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError("It is a number from 1 to 99999.");
  return Number(text);
}

const generalHelp = `
Examples:
  enginejs new shop && cd shop && npm install && npx enginejs dev
  enginejs sql build --database "$DATABASE_URL"
  enginejs token --as biller

Exit codes:
  0  done, also where there was nothing to do
  1  findings in the project, a refused change, or --check found something to change
  2  wrong use of the command line
  3  the database cannot be reached, is too old, or the role lacks a right`;

const buildHelp = `
Without --database it writes sql/ and generated.d.ts and touches no database.

Examples:
  enginejs sql build
  enginejs sql build --database "$DATABASE_URL"            apply; "nothing to do" when nothing changed
  enginejs sql build --database "$DATABASE_URL" --dry-run  show the plan
  enginejs sql build --check                               in CI: are the files in git the model's?`;

const devHelp = `
Starts the project's embedded PostgreSQL unless --database or DATABASE_URL names another one.
Saves are built into the database and served at once; a broken file is reported and the last good state goes on.

Examples:
  enginejs dev
  enginejs dev --project examples/invoicing --port 8080`;

const serveHelp = `
Needs a database that a build was applied to. Secrets come from the environment (see env() in enginejs.config.ts);
values given for development count only with NODE_ENV=development.

Example:
  JWT_SECRET=… DATABASE_URL=postgresql://… enginejs serve --port 8080`;

const workerHelp = `
Any number of workers may run against one database. A worker reads the tasks of the project.

Example:
  DATABASE_URL=postgresql://… enginejs worker --concurrency 24`;

const seedHelp = `
Runs in one transaction, as the owner of the tables.

Example:
  enginejs seed --database "$DATABASE_URL"`;

const tokenHelp = `
Examples:
  enginejs token --as biller
  enginejs token --as ada@acme.example --expires 30d
  curl http://localhost:4000/graphql -H "authorization: Bearer $(enginejs token --as biller)" …`;

const inspectHelp = `
Examples:
  enginejs inspect Invoice
  enginejs inspect pay_invoice
  enginejs inspect Invoice.subtotal`;

const newHelp = `
Example:
  enginejs new shop && cd shop && npm install && npx enginejs dev`;
