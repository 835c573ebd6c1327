import { found, type LintCase, owner, schema, table, user } from "./lint-case.ts";

const login = `"Lo""gin $$ 'x"`;
const loginName = `Lo"gin $$ 'x`;

export const roleCases: readonly LintCase[] = [
  {
    lint: "login-above-rules",
    bad: `create role ${login} login bypassrls; create role "Su""per" login superuser`,
    finds: found("warn", login, `"Su""per"`),
    good: `create role ${login} login createrole; create role "Su""per" superuser`,
  },
  {
    lint: "login-above-rules",
    name: "the application's",
    bad: `create role ${login} login superuser`,
    finds: found("error", login),
    good: `create role ${login} login`,
    settings: { login: loginName },
  },
  {
    lint: "login-owns-tables",
    bad: `create role ${login} login; alter table ${table} owner to ${login}; alter table ${table} enable row level security`,
    finds: found("warn", login),
    good: `create role ${login} login; alter table ${table} owner to ${owner}; alter table ${table} enable row level security`,
    settings: { login: loginName },
    wordsOnly: true,
  },
  {
    lint: "role-of-the-server",
    bad: `grant pg_read_all_data, pg_execute_server_program to ${user}; grant pg_read_all_stats to ${owner}`,
    finds: [...found("info", owner), ...found("warn", user), ...found("error", user)],
    good: `grant ${owner} to ${user}; create role ${login} superuser; grant pg_read_all_data to ${login}`,
  },
  {
    lint: "role-row-security-off",
    bad: `alter role ${user} set row_security = off; do $do$ begin execute format('alter role ${owner.replaceAll("'", "''")} in database %I set row_security = off', current_database()); end $do$`,
    finds: found("warn", owner, user),
    good: `alter role ${user} set row_security = on; alter role ${user} set search_path = ${schema}`,
  },
  {
    lint: "session-replication-role",
    bad: `alter role ${user} set session_replication_role = replica; grant set on parameter session_replication_role to ${owner}`,
    finds: found("error", user, "session_replication_role"),
    good: `alter role ${user} set session_replication_role = origin; grant alter system on parameter session_replication_role to ${owner}`,
  },
  ...[
    ["150002", "error"],
    ["160013", "warn"],
    ["170000", "error"],
    ["180003", "warn"],
    ["130022", "warn"],
  ].map(
    ([version = "", level = ""]): LintCase => ({
      lint: "server-vulnerable",
      name: version,
      bad: `select set_config('enginejs_doctor.server_version_num', '${version}', true)`,
      finds: [`${level} server`],
      good: "select set_config('enginejs_doctor.server_version_num', '180099', true)",
      wordsOnly: true,
    }),
  ),
  {
    lint: "server-end-of-life",
    bad: "select set_config('enginejs_doctor.server_version_num', '130023', true)",
    finds: found("warn", "server"),
    good: "select set_config('enginejs_doctor.server_version_num', '180004', true)",
    wordsOnly: true,
  },
];
