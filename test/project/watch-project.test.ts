import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { watchProject } from "../../src/project/watch-project.ts";
import { makeProject, type TemporaryProject } from "./temporary-project.ts";

let project: TemporaryProject;
let calls: (readonly string[])[];
let close: () => Promise<void>;

beforeEach(async () => {
  project = await makeProject({
    "enginejs.config.ts": "",
    "domain/a.model.ts": "",
    "sql/tables/a.sql": "",
    "tasks/b.ts": "",
  });
  calls = [];
});
afterEach(async () => {
  await close();
  await project.remove();
});

const watch = (onCall: () => Promise<void> = async () => undefined, delay?: number) => {
  const onChange = async (files: readonly string[]) => {
    calls.push(files);
    await onCall();
  };
  close = watchProject(project.folder, onChange, delay === undefined ? {} : { delay });
};

async function until(condition: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !condition(); ) {
    if (Date.now() > end) throw new Error(`never: ${condition}, calls: ${JSON.stringify(calls)}`);
    await delay(10);
  }
}

test("several saves in a row are one call, with every file once", async () => {
  // So long that a machine that stands still for a moment makes no two of them.
  watch(undefined, 1_500);
  for (let i = 0; i < 5; i++) {
    await writeFile(join(project.folder, "domain/a.model.ts"), String(i));
    await writeFile(join(project.folder, "tasks/b.ts"), String(i));
  }
  await until(() => calls.length > 0);
  await delay(200);
  expect(calls).toEqual([["domain/a.model.ts", "tasks/b.ts"]]);
});

test("an editor that writes beside and renames is seen", async () => {
  watch();
  await writeFile(join(project.folder, "domain/.a.tmp"), "x");
  await rename(join(project.folder, "domain/.a.tmp"), join(project.folder, "domain/a.model.ts"));
  await until(() => calls.some((files) => files.includes("domain/a.model.ts")));
});

test("a folder that appears is watched, one that is made again too", async () => {
  watch();
  for (const round of [1, 2]) {
    await mkdir(join(project.folder, "policies/deep"), { recursive: true });
    await writeFile(join(project.folder, "policies/deep/x.policy.ts"), "");
    await until(() => calls.flat().includes("policies/deep/x.policy.ts"));
    calls = [];
    await delay(200);
    await writeFile(join(project.folder, "policies/deep/x.policy.ts"), `${round}`);
    await until(() => calls.flat().includes("policies/deep/x.policy.ts"));
    await rm(join(project.folder, "policies"), { recursive: true });
    await delay(200);
    calls = [];
  }
});

test("the build's own output, data and packages are none of its business", async () => {
  await mkdir(join(project.folder, ".enginejs"));
  watch();
  await writeFile(join(project.folder, "sql/tables/a.sql"), "x");
  await writeFile(join(project.folder, "generated.d.ts"), "x");
  await writeFile(join(project.folder, ".enginejs/port"), "x");
  await writeFile(join(project.folder, "notes.txt"), "x");
  await delay(300);
  expect(calls).toEqual([]);
});

test("what changes during a call leads to one more, never to two at once", async () => {
  let running = 0;
  let most = 0;
  watch(async () => {
    running += 1;
    most = Math.max(most, running);
    await delay(250);
    running -= 1;
  });
  for (let i = 0; i < 8; i++) {
    await writeFile(join(project.folder, "domain/a.model.ts"), String(i));
    await delay(90);
  }
  await until(() => running === 0 && calls.length >= 2);
  expect(most).toBe(1);
});
