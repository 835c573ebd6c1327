/** The commands and their options, as commander takes them. Each command's own module is loaded when it runs. */
import { Command, Option } from "commander";
import { type AddCommand, addAdministrationCommands } from "./administration-commands.ts";
import {
  buildHelp,
  devHelp,
  doctorHelp,
  explainHelp,
  formatHelp,
  generalHelp,
  inspectHelp,
  newHelp,
  policyTestHelp,
  seedHelp,
  serveHelp,
  tokenHelp,
  tryHelp,
  workerHelp,
} from "./command-help.ts";
import { metricsAddress } from "./metrics-address.ts";
import { percentage, portNumber, positiveNumber, wholeNumber } from "./option-numbers.ts";
import { packageVersion } from "./package-version.ts";
import { Terminal } from "./terminal.ts";
import { addWebhookCommands } from "./webhook-commands.ts";
import { addWorkflowCommands } from "./workflow-commands.ts";

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

  const add: AddCommand = (parent, name, description, help, load, { isDefault = false } = {}) =>
    parent
      .command(name, { isDefault })
      .description(description)
      .addHelpText("after", help)
      .action(async (...given: unknown[]) => {
        // Commander passes the arguments, the options, the command.
        const [command, options] = given.toReversed() as [Command, Parameters<Awaited<ReturnType<typeof load>>>[0]];
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
    .option("--host <address>", "the address to listen on (default: all)")
    .option("--metrics <address>", metricsHelp, metricsAddress);
  add(
    program,
    "worker",
    "the worker: runs the workflows that the database's events start",
    workerHelp,
    async () => (await import("./commands/worker.ts")).worker,
  )
    .addOption(project())
    .addOption(database())
    .addOption(
      new Option("--steps-database <url>", "the same database by way of a pooler, for the steps of runs").env(
        "STEPS_DATABASE_URL",
      ),
    )
    .option("--concurrency <number>", "how many runs at once (default: 10)", positiveNumber)
    .option("--metrics <address>", metricsHelp, metricsAddress);
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
    .option("--tenant <tenant>", "the id or name of the tenant that it is for; needed where the person has several")
    .option("--expires <time>", "how long it is valid: 15m, 8h, 30d", "8h")
    .addOption(project())
    .addOption(database())
    .addOption(json());
  add(
    program,
    "fmt",
    "bring JSON processes into their canonical form",
    formatHelp,
    async () => (await import("./commands/fmt.ts")).format,
  )
    .argument("[files...]", "the files; all of processes/ unless given")
    .addOption(project())
    .option("--check", "write nothing, and exit with 1 where a file would change")
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
  add(
    program,
    "explain",
    "say why somebody may do something, or may not: each rule, its verdict, what failed first",
    explainHelp,
    async () => (await import("./commands/explain.ts")).explain,
  )
    .requiredOption("--as <person>", "a user's id, e-mail address, or label of the seed; anonymous for nobody")
    .requiredOption("--can <what...>", "a command or action, an entity (or Entity.field), and a row's id")
    .option("--tenant <tenant>", "the tenant's id or name; needed where the person has several")
    .addOption(project())
    .addOption(database())
    .addOption(json());
  add(
    program,
    "try",
    "run a request as somebody, show what would come of it, and roll it back",
    tryHelp,
    async () => (await import("./commands/try.ts")).tryRequest,
  )
    .argument("<request>", "a GraphQL document; with --sql one SQL statement")
    .requiredOption("--as <person>", "a user's id, e-mail address, or label of the seed; anonymous for nobody")
    .option("--sql", "the request is one SQL statement: select, insert, update, delete or merge")
    .option("--variables <json>", "the document's variables")
    .option("--tenant <tenant>", "the tenant's id or name; needed where the person has several")
    .addOption(project())
    .addOption(database())
    .addOption(json());
  add(
    program,
    "doctor",
    "look at any PostgreSQL database for what row level security needs",
    doctorHelp,
    async () => (await import("./commands/doctor.ts")).doctor,
  )
    .addOption(project())
    .addOption(database())
    .option("--schema <names...>", "look at these schemas only (default: all but the server's own)")
    .addOption(
      new Option("--level <level>", "report this level and graver ones (default: warn)").choices([
        "info",
        "warn",
        "error",
      ]),
    )
    .option("--only <ids...>", "these lints only")
    .option("--ignore <ids...>", "leave out a lint, or a lint for an object: rls-disabled:app.country")
    .option("--login <role>", "the role that the application logs in as")
    .option("--config <file>", "the file of settings (default: doctor.json in the project or here)")
    .addOption(json())
    .option("--sarif", "print the result as SARIF 2.1.0");
  const policy = program.command("policy").description("look at the rules of the model");
  add(
    policy,
    "test",
    "test the rules against PostgreSQL, and whether anything would notice the loss of a clause",
    policyTestHelp,
    async () => (await import("./commands/policy-test.ts")).policyTest,
  )
    .addOption(project())
    .addOption(database())
    .option("--entity <name>", "only the rules of this entity")
    .option("--seed <number>", "make the same worlds and cases again", wholeNumber)
    .option("--min-score <percent>", "exit with 1 where fewer of the mutants are found out (default: 0)", percentage)
    .addOption(json());
  add(program, "new", "make a new project", newHelp, async () => (await import("./commands/new.ts")).newProject)
    .argument("<dir>", "the folder to make; its name becomes the project's")
    .addOption(json());

  addAdministrationCommands(program, add, { project, database, json });
  addWorkflowCommands(program, add, { project, database, json });
  addWebhookCommands(program, add, { project, database, json });

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

const project = () => new Option("--project <dir>", "the project's folder; the nearest one upwards unless given");
const database = () =>
  new Option("--database <url>", "the database; the project's embedded one unless given").env("DATABASE_URL");
const metricsHelp = "answer /metrics for Prometheus on this port: 9464, or 0.0.0.0:9464 (default: nowhere)";
const json = () => new Option("--json", "print the result as JSON");
