import { sleep } from "./loop.ts";

/** Waits for the end of something, but not longer; how it ends does not matter. */
export async function atMost(milliseconds: number, ending: Promise<unknown> | undefined): Promise<void> {
  const ended = new AbortController();
  const settled = Promise.resolve(ending).then(
    () => ended.abort(),
    () => ended.abort(),
  );
  await Promise.race([settled, sleep(milliseconds, ended.signal)]);
}
