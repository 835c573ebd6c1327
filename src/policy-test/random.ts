/** A small seeded generator (mulberry32): the same seed makes the same worlds and cases on every machine. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** An integer from 0 up to, not including, `below`. */
  below(below: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (items.length === 0) throw new RangeError("nothing to pick from");
    return item as T;
  }

  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  /** Some of them, in their order. */
  sample<T>(items: readonly T[], most: number): readonly T[] {
    if (items.length <= most) return items;
    const chosen = new Set<number>();
    while (chosen.size < most) chosen.add(this.below(items.length));
    return items.filter((_, i) => chosen.has(i));
  }

  /** An id that no other call gives. */
  uuid(): string {
    const hex = () => this.below(0x10000).toString(16).padStart(4, "0");
    return `${hex()}${hex()}-${hex()}-7${hex().slice(1)}-8${hex().slice(1)}-${hex()}${hex()}${hex()}`;
  }
}
