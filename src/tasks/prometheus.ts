/** Figures in Prometheus' text format (version 0.0.4): as much of it as the worker needs, without a dependency. */

/** What may stand in a label: names of the model and states, never anything of a tenant. */
export type Labels = Readonly<Record<string, string>>;

interface Metric {
  text(): string;
}

/** Only goes up. */
export class Counter implements Metric {
  private readonly head: string;
  private readonly name: string;
  private readonly values = new Map<string, number>();

  constructor(name: string, help: string) {
    this.name = name;
    this.head = headOf(name, help, "counter");
  }

  add(labels: Labels, by = 1): void {
    const key = labelText(labels);
    this.values.set(key, (this.values.get(key) ?? 0) + by);
  }

  text(): string {
    return this.head + [...this.values].map(([labels, value]) => `${this.name}{${labels}} ${value}\n`).join("");
  }
}

interface Buckets {
  readonly counts: number[];
  sum: number;
  count: number;
}

/** How often something took how long, in seconds. */
export class Histogram implements Metric {
  private readonly head: string;
  private readonly name: string;
  private readonly bounds: readonly number[];
  private readonly values = new Map<string, Buckets>();

  /** @param bounds the upper ones, in rising order */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.head = headOf(name, help, "histogram");
    this.bounds = bounds;
  }

  observe(labels: Labels, seconds: number): void {
    const key = labelText(labels);
    let buckets = this.values.get(key);
    if (buckets === undefined) {
      buckets = { counts: this.bounds.map(() => 0), sum: 0, count: 0 };
      this.values.set(key, buckets);
    }
    const at = this.bounds.findIndex((bound) => seconds <= bound);
    if (at >= 0) buckets.counts[at] = (buckets.counts[at] ?? 0) + 1;
    buckets.sum += seconds;
    buckets.count += 1;
  }

  text(): string {
    let text = this.head;
    for (const [labels, { counts, sum, count }] of this.values) {
      let below = 0;
      for (const [i, bound] of this.bounds.entries()) {
        below += counts[i] ?? 0;
        text += `${this.name}_bucket{${labels},le="${bound}"} ${below}\n`;
      }
      text += `${this.name}_bucket{${labels},le="+Inf"} ${count}\n`;
      text += `${this.name}_sum{${labels}} ${sum}\n${this.name}_count{${labels}} ${count}\n`;
    }
    return text;
  }
}

const headOf = (name: string, help: string, type: string): string => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;

/** Made for each run and each step: in one text, without lists of parts. */
function labelText(labels: Labels): string {
  let text = "";
  for (const [name, value] of Object.entries(labels)) {
    text += `${text === "" ? "" : ","}${name}="${value.replace(/[\\"\n]/g, escaped)}"`;
  }
  return text;
}

const escaped = (character: string): string => (character === "\n" ? "\\n" : `\\${character}`);
