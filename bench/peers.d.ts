/** The little that the benchmarks use of packages that `bench/package.json` installs: types are checked without them. */
declare module "autocannon" {
  interface Options {
    readonly url: string;
    readonly method: "POST";
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    readonly connections: number;
    /** Seconds. */
    readonly duration: number;
  }
  interface Result {
    readonly "2xx": number;
    readonly non2xx: number;
    readonly errors: number;
    readonly duration: number;
  }
  export default function autocannon(options: Options): Promise<Result>;
}

declare module "jsonwebtoken" {
  export interface JwtPayload {
    readonly sub?: string;
    readonly [claim: string]: unknown;
  }
  const jwt: { verify(token: string, secret: string): JwtPayload };
  export default jwt;
}

declare module "pg-boss" {
  export class PgBoss {
    constructor(connectionString: string);
    on(event: "error", handler: (error: Error) => void): void;
    start(): Promise<unknown>;
    createQueue(name: string): Promise<void>;
    work(
      name: string,
      options: { readonly batchSize: number; readonly pollingIntervalSeconds: number },
      handler: (jobs: readonly unknown[]) => Promise<unknown>,
    ): Promise<string>;
  }
}

declare module "@dbos-inc/dbos-sdk" {
  type Workflow = () => Promise<void>;
  export const DBOS: {
    registerWorkflow(workflow: Workflow, options: { readonly name: string }): Workflow;
    runStep(step: () => Promise<unknown>, options: { readonly name: string }): Promise<unknown>;
    setConfig(config: Readonly<Record<string, string | number | boolean>>): void;
    launch(): Promise<void>;
    startWorkflow(workflow: Workflow): () => Promise<{ getResult(): Promise<unknown> }>;
  };
}
