/** Puts statements into an order in which they can run: by their declared edges, ties by phase and id. */
import { PHASES, type Statement } from "./statement.ts";

/**
 * A topological order. Of all statements that could come next, the one of the
 * earliest phase and the smallest id does: the order of the input says nothing.
 *
 * @throws TypeError for an edge to a statement that is not there, or a cycle: both are mistakes of the compiler
 */
export function orderStatements(statements: readonly Statement[]): Statement[] {
  const rank = new Map(PHASES.map((phase, index) => [phase, index]));
  const sorted = [...statements].sort(
    (a, b) => (rank.get(a.phase) ?? 0) - (rank.get(b.phase) ?? 0) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  );
  const position = new Map(sorted.map((statement, index) => [statement.id, index]));
  const waitingFor = new Map<number, number>();
  const followers = new Map<number, number[]>();
  sorted.forEach((statement, index) => {
    for (const id of new Set(statement.dependsOn)) {
      const before = position.get(id);
      if (before === undefined) throw new TypeError(`${statement.id} depends on ${id}, which no statement makes`);
      waitingFor.set(index, (waitingFor.get(index) ?? 0) + 1);
      followers.set(before, [...(followers.get(before) ?? []), index]);
    }
  });
  const ready = new MinHeap();
  sorted.forEach((_, index) => {
    if (!waitingFor.has(index)) ready.push(index);
  });
  const ordered: Statement[] = [];
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    ordered.push(sorted[next] as Statement);
    for (const follower of followers.get(next) ?? []) {
      const left = (waitingFor.get(follower) ?? 0) - 1;
      waitingFor.set(follower, left);
      if (left === 0) ready.push(follower);
    }
  }
  if (ordered.length < sorted.length) {
    const stuck = sorted.filter((_, index) => (waitingFor.get(index) ?? 0) > 0).map((statement) => statement.id);
    throw new TypeError(`these statements depend on each other: ${stuck.join(", ")}`);
  }
  return ordered;
}

/** The smallest number first. */
class MinHeap {
  private readonly items: number[] = [];

  push(item: number): void {
    const { items } = this;
    items.push(item);
    for (let at = items.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if ((items[parent] as number) <= (items[at] as number)) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  pop(): number | undefined {
    const { items } = this;
    const [first] = items;
    const last = items.pop();
    if (items.length === 0 || last === undefined) return first;
    items[0] = last;
    for (let at = 0; ; ) {
      let smallest = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < items.length && (items[child] as number) < (items[smallest] as number)) smallest = child;
      }
      if (smallest === at) return first;
      this.swap(at, smallest);
      at = smallest;
    }
  }

  private swap(a: number, b: number): void {
    const { items } = this;
    [items[a], items[b]] = [items[b] as number, items[a] as number];
  }
}
