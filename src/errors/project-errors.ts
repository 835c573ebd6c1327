import { defineErrors } from "./definition.ts";

/**
 * Codes EJS1xxx: config, discovery, loading of model files, the command line.
 * EJS100x: the command line. EJS101x: the config. EJS102x: the project's files. EJS103x: what a command needs.
 * EJS105x: what administrators name.
 */
export const projectErrors = defineErrors({
  EJS1000: {
    title: "Unexpected error",
    detail: "Something failed that EngineJS has no better words for. The message is the original one.",
    hint: "Run the command with ENGINEJS_DEBUG=1 to see where it comes from.",
  },
  EJS1001: {
    title: "Unknown command",
    detail: "The first word after `enginejs` names no command.",
    hint: "Run `enginejs --help` for the list of commands.",
  },
  EJS1002: {
    title: "Wrong use of a command",
    detail: "An option is unknown, a value is missing or malformed, or there is an argument too many.",
    hint: "Run the command with --help for what it takes.",
  },
  EJS1003: {
    title: "No project here",
    detail: "Neither the folder nor one above it holds an `enginejs.config.ts`.",
    hint: "Go to a project's folder, name it with --project DIR, or make a new one: enginejs new DIR.",
  },
  EJS1010: {
    title: "The config is not valid",
    detail: "A value in `enginejs.config.ts` is missing, of the wrong type, or a name is unknown.",
    hint: "The message names the place and what is allowed there.",
  },
  EJS1011: {
    title: "The config exports nothing",
    detail: "`enginejs.config.ts` has no default export that `defineConfig` made.",
    hint: "export default defineConfig({ … })",
  },
  EJS1012: {
    title: "An environment variable is missing",
    detail:
      "The config takes a value from the environment with `env(…)`, and the variable is not set. A value given as `development` counts only in `enginejs dev` and where NODE_ENV is `development`.",
    hint: "Set the variable.",
  },
  EJS1020: {
    title: "Syntax error",
    detail:
      "A file of the project is no TypeScript that Node can run: it cannot be parsed, or it uses syntax that is not erased by removing types (enum, namespace, parameter properties).",
    hint: "Mend the place that the caret shows.",
  },
  EJS1021: {
    title: "An import cannot be resolved",
    detail: "A file imports a module that does not exist. Relative imports are written with their extension.",
    hint: "Check the path; packages must be installed.",
  },
  EJS1022: {
    title: "An imported name does not exist",
    detail: "A file imports a name that the other module does not export.",
    hint: 'Check the name; types are imported with "import { type Name }".',
  },
  EJS1023: {
    title: "A file failed while it was loaded",
    detail: "The code of a model, policy, workflow or task file threw an error.",
    hint: "The message is the file's own error.",
  },
  EJS1024: {
    title: "A file does not finish loading",
    detail:
      "Model files describe and end: one that loops, or awaits something that never comes, is stopped after some seconds.",
    hint: "Look for an endless loop or a top-level await in the file or in what it imports.",
  },
  EJS1025: {
    title: "A task file is not a task",
    detail:
      "A file in `tasks/` must export a task as its default, made with `defineTask`, or a plain graphile-worker task function.",
    hint: "export default defineTask({ input, output, async run(context) { … } })",
  },
  EJS1026: {
    title: "A name that cannot be that of a task",
    detail:
      "A task is called after its file, with its folder where it lies in one: `payments/create-charge`. Names begin with a small letter and hold letters, digits, - _ and .",
    hint: "Rename the file.",
  },
  EJS1027: {
    title: "The project has no model",
    detail: "Nothing in `domain/` ends in `.model.ts`.",
    hint: "Write the first entity in domain/NAME.model.ts.",
  },
  EJS1028: {
    title: "A file of the project cannot be read or written",
    detail: "The file system refused to read or write a file of the project.",
    hint: "Check the path and its permissions.",
  },
  EJS1030: {
    title: "The folder is not empty",
    detail: "`enginejs new` writes into a new or empty folder only.",
    hint: "Choose another name, or empty the folder.",
  },
  EJS1031: {
    title: "The project has no seed",
    detail: "There is no `seed.ts`, or it does not export what `defineSeed` made.",
    hint: "export default defineSeed({ people: […], async run({ query }) { … } })",
  },
  EJS1032: {
    title: "Nothing of that name",
    detail: "`enginejs inspect` knows entities, tables, policies, functions, triggers and indexes of the model.",
    hint: "The message lists the nearest names.",
  },
  EJS1033: {
    title: "No such person",
    detail: "`enginejs token --as` takes a user's id, an e-mail address, or a label of the seed's people.",
    hint: "Choose one that the message lists, or give the user's id.",
  },
  EJS1034: {
    title: "The database holds no build",
    detail: "Server and worker start from the model that `enginejs sql build` stored in the database.",
    hint: 'Run: enginejs sql build --database "$DATABASE_URL"',
  },
  EJS1035: {
    title: "No secret to sign tokens with",
    detail:
      "`enginejs token` signs with the config's `jwt.secret`. With a JWKS URL the identity provider makes the tokens.",
    hint: 'Add jwt: { secret: env("JWT_SECRET") } to the config.',
  },
  EJS1036: {
    title: "The seed failed",
    detail: "The seed's transaction raised an error and was rolled back: the database is as it was before.",
    hint: "The message is the database's, or the seed's own.",
  },
  EJS1037: {
    title: "A tenant must be named",
    detail: "The person belongs to several tenants: a token holds one of them.",
    hint: "Name it with --tenant ID.",
  },
  EJS1050: {
    title: "No such tenant",
    detail:
      "A tenant is named by its id, or by the value of its field `name`, `slug`, `code` or `title` where that is one tenant's alone.",
    hint: "Name the tenant with --tenant; the message lists the nearest one.",
  },
  EJS1051: {
    title: "No such role",
    detail:
      'Service accounts and grants give the roles that the model declares. Roles of the platform (`of: "system"`) belong to no tenant: `enginejs grant` gives them, for a while and without --tenant.',
    hint: "Choose one of the roles that the message lists.",
  },
  EJS1052: {
    title: "No such flag",
    detail: "Flags are declared in the model; the database says what they are turned to.",
    hint: "Choose one of the flags that the message lists.",
  },
  EJS1053: {
    title: "No such key, grant or service account",
    detail:
      "Keys are named by the prefix that `enginejs key list` shows, grants by their id, service accounts by their name.",
    hint: "List them with `enginejs key list` or `enginejs grant list`.",
  },
  EJS1054: {
    title: "The service account is another one",
    detail:
      "A service account of that name exists already, and its roles are not those that were asked for, or it is disabled. A key never changes its account.",
    hint: "Leave --role out for another key of the account, choose another name, or change it with `enginejs key account`.",
  },
  EJS1055: {
    title: "No such workflow, run or step",
    detail:
      "Workflows are named as in the model, runs by the id that `enginejs workflow list` shows, steps by the id of an outermost node. A workflow that was ever built here can be named, also one that the newest build no longer has.",
    hint: "List the runs with `enginejs workflow list`.",
  },
  EJS1056: {
    title: "The run cannot do that now",
    detail:
      "Only a failed run can be retried, or one that pauses before another attempt; only an unfinished one cancelled or paused, a paused one resumed. What compensations have undone cannot be tried again under the same idempotency keys: a fork has keys of its own.",
    hint: "Look at it with `enginejs workflow show RUN`; `enginejs workflow fork RUN --from-step STEP` makes a new run.",
  },
  EJS1057: {
    title: "No such webhook endpoint or delivery, or not now",
    detail:
      "Endpoints and deliveries are named by the ids that `enginejs webhook list` and `enginejs webhook deliveries` show. Nothing is delivered to an endpoint that is off, and nothing twice at the same moment; ten tests a minute are the most.",
    hint: "`enginejs webhook enable ENDPOINT` switches one on again.",
  },
  EJS1060: {
    title: "doctor.json is not valid",
    detail:
      "The file holds `ignore`, `level`, `schemas`, `trusted`, `anonymous` and `login`, and nothing else. docs/doctor.md says what they mean.",
    hint: "The message names the place.",
  },
  EJS1061: {
    title: "The model has nothing of that name to ask for",
    detail:
      "`enginejs explain --can` takes a command or action, and an entity or one of its fields, by the model's names.",
    hint: "The message lists the names.",
  },
  EJS1062: {
    title: "A file of handlers/ exports no handler",
    detail:
      "The code files of `handlers/` hold what follows events: each exports what `on(…)` makes, under the handler's name.",
    hint: 'export const announce = on("Invoice.created", async ({ event }) => …); what only helps belongs into another folder.',
  },
  EJS1063: {
    title: "The input does not fit the workflow",
    detail: "A workflow declares what it takes as a schema, and what was given is something else. Nothing was started.",
    hint: "The message names every place, the hint says what it takes.",
  },
});
