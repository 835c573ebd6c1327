/** The logins of server and worker, made for the embedded server; on a real one an administrator makes them. */
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { connect } from "./connection.ts";
import { databaseError } from "./database-error.ts";

/** URLs with the least rights that do. */
export interface Logins {
  /** No right but to begin requests, and to become an actor by them. */
  readonly serverUrl: string;
  /** The same, and enginejs_writer's: outbox, audit, graphile_worker. */
  readonly workerUrl: string;
}

/**
 * Makes the two logins of a database where they are missing. Their passwords derive from the password
 * in `url`, which therefore must be a random one, as the embedded server's is: nothing more to store.
 */
export async function ensureLogins(url: string): Promise<Logins> {
  const { password } = new URL(url);
  const client = await connect(url);
  try {
    const { rows } = await client.query<{ name: string }>("select current_database()::text as name");
    const urls: string[] = [];
    for (const kind of ["server", "worker"] as const) {
      const login = loginName(rows[0]?.name ?? "", kind);
      const secret = createHmac("sha256", decodeURIComponent(password)).update(login).digest("base64url");
      const { rowCount } = await client.query("select from pg_roles where rolname = $1", [login]);
      // The worker's must inherit enginejs_writer; the server's nothing. The verifier in place of the
      // password keeps the latter out of the server's log.
      const options = `login ${kind === "worker" ? "inherit" : "noinherit"} password '${scramVerifier(secret, login)}'`;
      if (!rowCount) {
        await client.query(`create role ${client.escapeIdentifier(login)} ${options}`).catch((error) => {
          // Made by another process meanwhile, with the same password.
          if (!["42710", "23505"].includes(error.code)) throw error;
        });
      }
      await client.query("select enginejs.admit_login($1, $2)", [login, kind]);
      const loginUrl = new URL(url);
      loginUrl.username = encodeURIComponent(login);
      loginUrl.password = secret;
      urls.push(loginUrl.href);
    }
    const [serverUrl, workerUrl] = urls;
    if (!serverUrl || !workerUrl) throw databaseError("EJS4017", "The logins could not be made.");
    return { serverUrl, workerUrl };
  } finally {
    await client.end();
  }
}

/** `enginejs_<database>_server`; a database's long name is cut and told apart by a hash: names end at 63 bytes. */
export function loginName(database: string, kind: "server" | "worker"): string {
  const name = `enginejs_${database}_${kind}`;
  if (Buffer.byteLength(name) <= 63) return name;
  const hash = createHash("sha256").update(database).digest("hex").slice(0, 8);
  // Cut to whole characters: a name that ends within one is no valid text.
  const kept = new TextDecoder().decode(Buffer.from(database).subarray(0, 36)).replace(/\uFFFD+$/, "");
  return `enginejs_${kept}_${hash}_${kind}`;
}

/** What PostgreSQL stores of a password (RFC 5803); the salt need only differ between logins. */
function scramVerifier(password: string, login: string): string {
  const iterations = 4096;
  const salt = createHash("sha256").update(`${login}\n${password}`).digest().subarray(0, 16);
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const key = (label: string) => createHmac("sha256", salted).update(label).digest();
  const stored = createHash("sha256").update(key("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${stored}:${key("Server Key").toString("base64")}`;
}
