import { isatty } from "node:tty";

/**
 * Runs something and, once it takes longer than two seconds, says on stderr what is being waited for.
 *
 * @example await withProgress("applying 1,204 statements", () => apply(plan));
 */
export async function withProgress<T>(
  doing: string,
  run: (update: (doing: string) => void) => Promise<T>,
  { after = 2_000 }: { readonly after?: number } = {},
): Promise<T> {
  const started = Date.now();
  const live = isatty(2) && process.env.TERM !== "dumb";
  let shown = "";
  let current = doing;
  const show = () => {
    const seconds = Math.round((Date.now() - started) / 1000);
    if (live) process.stderr.write(`\r\u001b[K${current} … ${seconds} s`);
    else if (shown !== current) process.stderr.write(`${current} …\n`);
    shown = current;
  };
  let interval: NodeJS.Timeout | undefined;
  const timer = setTimeout(() => {
    show();
    interval = setInterval(show, 1_000);
    interval.unref();
  }, after);
  timer.unref();
  try {
    return await run((next) => {
      current = next;
      if (shown !== "" && live) show();
    });
  } finally {
    clearTimeout(timer);
    clearInterval(interval);
    if (shown !== "" && live) process.stderr.write("\r\u001b[K");
  }
}
