import type { TestDatabase } from "./database.ts";

export interface WorkerDatabase extends TestDatabase {
  /** The worker's login, with the rights that it has on a real server. */
  readonly workerUrl: string;
}

/** Gives a database a login for its worker, which goes when the database is dropped. */
export async function withWorkerLogin(database: TestDatabase): Promise<WorkerDatabase> {
  const login = `${database.name}_worker`;
  // Whoever builds may lack the right to make logins.
  const administrator = await database.administrator();
  await administrator.query(`create role ${login} login inherit password 'of no use elsewhere'`);
  await administrator.query("select enginejs.admit_login($1, 'worker')", [login]);
  const workerUrl = new URL(database.url);
  workerUrl.username = login;
  workerUrl.password = "of no use elsewhere";
  return {
    ...database,
    workerUrl: workerUrl.href,
    async drop() {
      await administrator.query(`drop owned by ${login}`);
      await administrator.query(`drop role ${login}`);
      await database.drop();
    },
  };
}
