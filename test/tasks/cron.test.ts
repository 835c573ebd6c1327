/** Ticks of cron expressions, by PostgreSQL's time zones: which they are, also where clocks are changed. */
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cronHint, cronNever, cronProblem, isTimeZone } from "../../src/model/cron.ts";
import { coreTemplate } from "../support/core.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase({ template: coreTemplate });
  client = await database.client();
  // What it answers in must not matter.
  await client.query("set timezone = 'Asia/Kathmandu'");
});
afterAll(() => database.drop());

/** A build with one workflow on this schedule, and the schedule that was made of it. */
async function scheduled(expression: string, zone = "Europe/Berlin"): Promise<void> {
  const trigger = { kind: "cron", expression, zone, catchUp: "one" };
  await client.query(
    "insert into enginejs.build (ir, ir_hash, fingerprint, facts_format, engine_version) values ($1, 'test', 'test', 'test', '0')",
    [JSON.stringify({ workflows: [{ name: "w", trigger }] })],
  );
}

async function ticks(expression: string, after: string, until: string, zone = "Europe/Berlin"): Promise<string[]> {
  await scheduled(expression, zone);
  const { rows } = await client.query<{ tick: Date }>(
    "select t as tick from enginejs.workflow_schedules s, enginejs.workflow_cron_ticks(s, $1, $2) t",
    [after, until],
  );
  return rows.map(({ tick }) => tick.toISOString().replace(":00.000Z", "Z"));
}

describe("ticks", () => {
  it("of a day and hour of the week", async () => {
    expect(await ticks("0 9 * * 1", "2026-11-01Z", "2026-11-17Z")).toEqual([
      "2026-11-02T08:00Z",
      "2026-11-09T08:00Z",
      "2026-11-16T08:00Z",
    ]);
  });

  it("of steps, ranges, lists and names", async () => {
    expect(await ticks("5-20/10,45 8 * * *", "2026-06-01Z", "2026-06-02Z")).toEqual([
      "2026-06-01T06:05Z",
      "2026-06-01T06:15Z",
      "2026-06-01T06:45Z",
    ]);
    expect(await ticks("0 0 1 feb,Jul *", "2026-01-01Z", "2026-12-31Z", "UTC")).toEqual([
      "2026-02-01T00:00Z",
      "2026-07-01T00:00Z",
    ]);
    expect(await ticks("0 0 * * fri-7", "2026-11-19Z", "2026-11-23Z", "UTC")).toEqual([
      "2026-11-20T00:00Z",
      "2026-11-21T00:00Z",
      "2026-11-22T00:00Z",
    ]);
    expect(await ticks("50/5 0 1 1 *", "2026-01-01Z", "2026-02-01Z", "UTC")).toEqual([
      "2026-01-01T00:50Z",
      "2026-01-01T00:55Z",
    ]);
  });

  it("either day will do where both are said", async () => {
    expect(await ticks("0 0 13 * fri", "2026-11-10Z", "2026-11-22Z", "UTC")).toEqual([
      "2026-11-13T00:00Z",
      "2026-11-20T00:00Z",
    ]);
    expect(await ticks("0 0 15 * fri", "2026-11-12Z", "2026-11-19Z", "UTC")).toEqual([
      "2026-11-13T00:00Z",
      "2026-11-15T00:00Z",
    ]);
  });

  it("the first of what was asked for is left out, the last is not", async () => {
    expect(await ticks("0 * * * *", "2026-11-10T10:00Z", "2026-11-10T12:00Z")).toEqual([
      "2026-11-10T11:00Z",
      "2026-11-10T12:00Z",
    ]);
  });
});

describe("an hour that is skipped", () => {
  // Berlin: 2026-03-29, 02:00 becomes 03:00 at 01:00Z.
  const night = ["2026-03-28T23:30Z", "2026-03-29T02:30Z"] as const;

  it("a time in it runs as long after midnight as it was meant to", async () => {
    expect(await ticks("30 2 * * *", ...night)).toEqual(["2026-03-29T01:30Z"]);
    expect(await ticks("0 2 * * *", ...night)).toEqual(["2026-03-29T01:00Z"]);
  });

  it("and once where that is a time of its own", async () => {
    expect(await ticks("0,30 2,3 * * *", ...night)).toEqual(["2026-03-29T01:00Z", "2026-03-29T01:30Z"]);
  });

  it("every hour and minute go on as time does", async () => {
    expect(await ticks("30 * * * *", ...night)).toEqual([
      "2026-03-29T00:30Z",
      "2026-03-29T01:30Z",
      "2026-03-29T02:30Z",
    ]);
    expect(await ticks("*/30 * * * *", ...night)).toHaveLength(6);
    expect(await ticks("30 */2 * * *", ...night)).toEqual(["2026-03-29T02:30Z"]);
  });

  it("of half an hour, on an island", async () => {
    // Lord Howe: 2026-10-04, 02:00 becomes 02:30 at 15:30Z.
    expect(await ticks("15 2 * * *", "2026-10-03T13:00Z", "2026-10-03T20:00Z", "Australia/Lord_Howe")).toEqual([
      "2026-10-03T15:45Z",
    ]);
  });
});

describe("an hour that comes twice", () => {
  // Berlin: 2026-10-25, 03:00 becomes 02:00 at 01:00Z.
  const night = ["2026-10-24T22:30Z", "2026-10-25T03:30Z"] as const;

  it("a time in it runs once, the first time", async () => {
    expect(await ticks("30 2 * * *", ...night)).toEqual(["2026-10-25T00:30Z"]);
    expect(await ticks("0,30 2 * * *", ...night)).toEqual(["2026-10-25T00:00Z", "2026-10-25T00:30Z"]);
  });

  it("every hour and minute go on as time does", async () => {
    expect(await ticks("30 * * * *", ...night)).toEqual([
      "2026-10-24T23:30Z",
      "2026-10-25T00:30Z",
      "2026-10-25T01:30Z",
      "2026-10-25T02:30Z",
      "2026-10-25T03:30Z",
    ]);
  });

  it("where summer is the standard time, in Ireland", async () => {
    expect(await ticks("30 1 * * *", ...night, "Europe/Dublin")).toEqual(["2026-10-25T00:30Z"]);
  });
});

describe("the next tick", () => {
  const next = async (expression: string, after: string) => {
    await scheduled(expression, "UTC");
    const { rows } = await client.query<{ tick: Date | null }>(
      "select enginejs.workflow_next_tick(s, $1) as tick from enginejs.workflow_schedules s",
      [after],
    );
    return rows[0]?.tick?.toISOString();
  };

  it("may be years ahead, or never come", async () => {
    expect(await next("0 0 29 2 *", "2096-03-01Z")).toBe("2104-02-29T00:00:00.000Z");
    expect(await next("0 0 30 2 *", "2026-03-01Z")).toBeUndefined();
  });

  it("each is the next of the one before: random expressions, minute by minute", async () => {
    const seed = Number(process.env.SEED ?? Date.now() % 100_000);
    let state = seed;
    const random = (most: number) => {
      state = (state * 48_271 + 11) % 2_147_483_647;
      return state % most;
    };
    for (let i = 0; i < 12; i++) {
      const field = (least: number, most: number) => {
        const value = least + random(most - least + 1);
        return (
          [
            "*",
            `${value}`,
            `*/${1 + random(Math.min(20, most - least))}`,
            `${value},${least + random(most - least + 1)}`,
          ][random(4)] ?? "*"
        );
      };
      const expression = `${field(0, 59)} ${field(0, 23)} ${random(3) === 0 ? field(1, 28) : "*"} * ${random(3) === 0 ? field(0, 6) : "*"}`;
      expect(cronProblem(expression)).toBeUndefined();
      const from = Date.UTC(2026, random(12), 1 + random(25), random(24));
      const until = from + 3 * 86_400_000;
      const expected: string[] = [];
      for (let at = from + 60_000; at <= until; at += 60_000)
        if (matches(expression, new Date(at))) expected.push(iso(at));
      expect(await ticks(expression, iso(from), iso(until), "UTC"), `seed ${seed}: ${expression}`).toEqual(expected);
      expect(await next(expression, iso(from))).toSatisfy(
        (tick) => expected.length === 0 || tick?.replace(":00.000Z", "Z") === expected[0],
      );
    }
  });
});

const iso = (at: number) => new Date(at).toISOString().replace(":00.000Z", "Z");

/** What `crontab(5)` says, read minute by minute. */
function matches(expression: string, at: Date): boolean {
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = expression.split(" ");
  const is = (field: string, value: number, least: number) =>
    field.split(",").some((part) => {
      const [range, step] = part.split("/");
      if (range === "*") return step === undefined || (value - least) % Number(step) === 0;
      return Number(range) === value;
    });
  const [dayIs, weekdayIs] = [is(day, at.getUTCDate(), 1), is(weekday, at.getUTCDay(), 0)];
  const days = day.startsWith("*") || weekday.startsWith("*") ? dayIs && weekdayIs : dayIs || weekdayIs;
  return (
    days && is(minute, at.getUTCMinutes(), 0) && is(hour, at.getUTCHours(), 0) && is(month, at.getUTCMonth() + 1, 1)
  );
}

describe("what is no schedule", () => {
  it.each([
    ["* * * *", "has 4 fields and not five"],
    ["60 * * * *", 'has "60" for the minute, which goes from 0 to 59'],
    ["* 5-2 * * *", 'has "5-2" for the hour, which goes backwards'],
    ["* * * foo *", 'has "foo" for the month'],
    ["*/0 * * * *", "a step is 1 or more"],
    ["* * * * 8", "which goes from 0 to 7"],
    ["1-2-3 * * * *", "no number, range or list"],
    ["*/90 * * * *", "whose step is longer than from 0 to 59"],
  ])("%s", (expression, problem) => {
    expect(cronProblem(expression)).toContain(problem);
  });

  it("is one without any tick: a day that no month of it has", () => {
    for (const never of ["0 0 30 2 *", "0 0 31 feb,4-6/2 *", "0 0 31 4 */2"]) {
      expect(cronNever(never), never).toContain("it would never run");
    }
    for (const some of ["0 0 29 2 *", "0 0 30 2 1", "0 0 31 */3 *", "0 0 31,1 2 *", "0 0 */31 4 *", "0 0 31 2/5 *"]) {
      expect(cronNever(some), some).toBeUndefined();
    }
  });

  it("says what other crons' forms are here", () => {
    expect(cronHint("@daily")).toBe('Write "0 0 * * *".');
    expect(cronHint("0 0 L * *")).toContain("L, W, # and ?");
    expect(cronHint("0 9 * * 5#3")).toContain("L, W, # and ?");
    expect(cronHint("0 0 9 * * MON")).toContain("no seconds");
    expect(cronHint("0 9 * * MONDAY")).toContain("three letters");
    expect(cronHint("0 9 * JUL 8")).toBeUndefined();
  });

  it("a zone that nobody knows is refused by the server as well", async () => {
    expect(isTimeZone("Europe/Berlin")).toBe(true);
    expect(isTimeZone("Europe/Berlim")).toBe(false);
    expect(isTimeZone("+01:00")).toBe(false);
    await expect(scheduled("0 0 * * *", "Europe/Berlim")).rejects.toMatchObject({
      message: 'workflow w: this server knows no time zone "Europe/Berlim"',
    });
  });
});
