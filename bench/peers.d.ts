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
