/** Makes the data folder of a place. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { databaseError } from "./database-error.ts";
import { majorVersion, program } from "./embedded-binaries.ts";
import { type EmbeddedPlace, placePaths } from "./embedded-place.ts";
import { asUser, lastLines } from "./embedded-process.ts";

/** The name of the embedded server's superuser. */
export const superuser = "postgres";

/** Makes the cluster unless it is there; returns the superuser's password. */
export async function ensureCluster(place: EmbeddedPlace): Promise<string> {
  const { cluster, data, password } = placePaths(place);
  if (!existsSync(cluster)) await makeCluster(place, cluster);
  const version = readFileSync(join(data, "PG_VERSION"), "utf8").trim();
  if (version !== majorVersion(place.binaries)) {
    const expected = majorVersion(place.binaries);
    throw databaseError("EJS4006", `${data} holds data of PostgreSQL ${version}; the installed one is ${expected}.`);
  }
  return readFileSync(password, "utf8").trim();
}

async function makeCluster(place: EmbeddedPlace, cluster: string): Promise<void> {
  // Whatever an initdb that was killed has left lies in a folder of another name and is never used.
  const unfinished = await mkdtemp(join(place.folder, "unfinished-"));
  try {
    await chmod(unfinished, 0o755);
    const password = randomBytes(24).toString("base64url");
    await writeFile(join(unfinished, "password"), `${password}\n`, { mode: 0o600 });
    // initdb reads the password from a file and runs as the other user, who may not read ours.
    const readable = join(unfinished, "initdb-password");
    await writeFile(readable, `${password}\n`, { mode: 0o600 });
    const data = join(unfinished, "data");
    await mkdir(data, { mode: 0o700 });
    if (place.user) {
      await chown(readable, place.user.uid, place.user.gid);
      await chown(data, place.user.uid, place.user.gid);
    }
    await runInitdb(place, data, readable);
    await rm(readable);
    await rename(unfinished, cluster);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another process was faster: its cluster is the one.
    if (!existsSync(cluster)) throw error;
  }
}

function runInitdb(place: EmbeddedPlace, data: string, passwordFile: string): Promise<void> {
  const args = [
    `--pgdata=${data}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    // PostgreSQL's own locale: the same order and case rules on every system, whatever is installed there.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(program(place.binaries, "initdb"), args, {
      ...asUser(place),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk.toString("utf8");
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(databaseError("EJS4002", `initdb ended with ${signal ?? `code ${code}`}:\n${lastLines(output)}`));
    });
  });
}
