/** What `enginejs help <command>` says below the options of each command. */
export const generalHelp = `
Examples:
  enginejs new shop && cd shop && npm install && npx enginejs dev
  enginejs sql build --database "$DATABASE_URL"
  enginejs token --as biller

Exit codes:
  0  done, also where there was nothing to do
  1  findings in the project, a refused change, wider access without a consent, or --check found something to change
  2  wrong use of the command line
  3  the database cannot be reached, is too old, or the role lacks a right`;

export const buildHelp = `
Without --database it writes sql/ and generated.d.ts and touches no database.

Examples:
  enginejs sql build
  enginejs sql build --database "$DATABASE_URL"            apply; "nothing to do" when nothing changed
  enginejs sql build --database "$DATABASE_URL" --dry-run  show the plan
  enginejs sql build --check                               in CI: are the files in git the model's?

With a database that holds a build it shows who gains access and who loses it, counted on the rows. What widens access needs
a consent in the model: without one it exits with 1 and applies nothing where CI is set, or with --check.`;

export const devHelp = `
Starts the project's embedded PostgreSQL unless --database or DATABASE_URL names another one.
Saves are built into the database and served at once; a broken file is reported and the last good state goes on.

Examples:
  enginejs dev
  enginejs dev --project examples/invoicing --port 8080`;

export const serveHelp = `
Needs a database that a build was applied to. Secrets come from the environment (see env() in enginejs.config.ts);
values given for development count only with NODE_ENV=development.

Example:
  JWT_SECRET=… DATABASE_URL=postgresql://… enginejs serve --port 8080`;

export const workerHelp = `
Any number of workers may run against one database. A worker reads the tasks of the project. Its own connections are direct
ones; those of steps may go through a pooler, in transaction mode too (--steps-database or STEPS_DATABASE_URL).
WORKER_DATABASE_URL names a login for workers alone.

Examples:
  DATABASE_URL=postgresql://… enginejs worker --concurrency 24
  enginejs worker --database postgresql://… --steps-database postgresql://…:6432/…`;

export const seedHelp = `
Runs in one transaction, as the owner of the tables.

Example:
  enginejs seed --database "$DATABASE_URL"`;

export const tokenHelp = `
Examples:
  enginejs token --as biller
  enginejs token --as ada@acme.example --expires 30d
  curl http://localhost:4000/graphql -H "authorization: Bearer $(enginejs token --as biller)" …`;

export const formatHelp = `
Examples:
  enginejs fmt
  enginejs fmt --check
  enginejs fmt processes/place-order.json`;

export const inspectHelp = `
Examples:
  enginejs inspect Invoice
  enginejs inspect pay_invoice
  enginejs inspect Invoice.subtotal`;

export const explainHelp = `
The rules are those of the build that the database holds, the roles those that the person has now. A row that the person may
not read does not exist for him. Without an id: what holds whichever the row is.

Examples:
  enginejs explain --as biller --can update Invoice 0198c6b2-5f1e-7c3a-9b1d-2f4e6a8c0d12
  enginejs explain --as ada@acme.example --can pay Invoice 0198c6b2-5f1e-7c3a-9b1d-2f4e6a8c0d12
  enginejs explain --as biller --can update Invoice.dueAt 0198c6b2-5f1e-7c3a-9b1d-2f4e6a8c0d12
  enginejs explain --as anonymous --can create Invoice

Exit codes:
  0  allowed
  1  denied, or it depends on the row and none was given
  2  wrong use of the command line
  3  the database cannot be reached`;

export const tryHelp = `
Everything happens in one transaction that is rolled back: rows, events, and with them whatever would start from those.
Nothing leaves the database. That it was run is a line of "enginejs audit".

Examples:
  enginejs try --as biller 'mutation { payInvoice(input: { id: "0198…" }) { invoice { status } } }'
  enginejs try --as ada@acme.example --sql "delete from app.invoice where status = 'draft'"

Exit codes:
  0  it would have done what it asks for
  1  it would have been refused, or failed
  2  wrong use of the command line
  3  the database cannot be reached`;

export const doctorHelp = `
Reads the catalogues in one read-only transaction, with the rights that the login has; no superuser is needed.
docs/doctor.md lists the lints. Each is a file that psql runs as it is: sql/doctor/*.sql in the package.

Examples:
  enginejs doctor
  enginejs doctor --database "$DATABASE_URL" --login app_server
  enginejs doctor --database "$DATABASE_URL" --level info --only unused-index duplicate-index
  enginejs doctor --database "$DATABASE_URL" --ignore rls-disabled:public.country --sarif > doctor.sarif

Exit codes:
  0  nothing at the level or above
  1  findings
  2  wrong use of the command line or of doctor.json
  3  the database cannot be reached, is too old, or a lint could not be run`;

export const policyTestHelp = `
Makes a scratch database, beside --database or on the embedded server, and drops it afterwards: no data of yours is read.
In generated worlds everybody tries everything: every role, command, action, state and field. Each statement must come to
the same by the rules in memory and by PostgreSQL. Then each clause of each rule is left out or turned around in turn: where
no answer changes, the clause is named. The score is the part of these mutants that was found out.

Examples:
  enginejs policy test
  enginejs policy test --entity Invoice --seed 42
  enginejs policy test --database "$DATABASE_URL" --min-score 95 --json

Exit codes:
  0  both agree, and the score is not below --min-score
  1  they differ, or too many mutants survived
  2  wrong use of the command line
  3  the database cannot be reached, or the role may not create databases`;

export const newHelp = `
Example:
  enginejs new shop && cd shop && npm install && npx enginejs dev`;
