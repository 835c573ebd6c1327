/**
 * Data that lies outside its project (see embedded-place.ts) and that nobody can reach any more. Each start of an
 * embedded server looks for it:
 *
 * - of its own project, where `.enginejs` was deleted: whoever does that wants to begin anew;
 * - of every project whose folder is gone, while no server of it runs.
 *
 * Against a project that comes back at the same moment: the sweeper shows itself as one who stops the server (see
 * embedded-usage.ts) before it looks whether the project is there. Who starts the server shows itself first and then
 * waits for that, so either one sees the other. A place goes by one rename, never by halves.
 */
import { lstatSync, readFileSync } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type EmbeddedPlace, placePaths, placesElsewhere, type RememberedProject } from "./embedded-place.ts";
import { isRunning, stopRunning } from "./embedded-process.ts";
import { hasUsers, Registration } from "./embedded-usage.ts";

/** A place elsewhere that this project's deleted `.enginejs` named. */
export async function removeForgotten(place: EmbeddedPlace): Promise<void> {
  const parent = dirname(place.folder);
  if (basename(parent) !== "projects") return;
  const project = basename(place.folder).replace(/[0-9a-f]+$/, "");
  for (const name of await readdir(parent)) {
    const folder = join(parent, name);
    if (folder === place.folder || !name.startsWith(project) || hasUsers(placePaths({ folder }).users)) continue;
    await stopRunning({ ...place, folder });
    await rm(folder, { recursive: true, force: true });
  }
}

/** The places of projects that are gone. Nothing that goes wrong here keeps a server from starting. */
export async function removeOrphans(place: EmbeddedPlace): Promise<void> {
  // Only root's projects lie elsewhere, and only root may remove them.
  if (!place.user) return;
  for (const folder of await placesElsewhere().catch(() => [])) {
    if (folder !== place.folder) await removeOrphan(folder).catch(() => undefined);
  }
}

async function removeOrphan(folder: string): Promise<void> {
  // A sweeper that was killed has left it: nobody knows the name.
  if (basename(folder).startsWith(REMOVED)) {
    await rm(folder, { recursive: true, force: true });
    return;
  }
  const paths = placePaths({ folder });
  if (!isGone(paths.project)) return;
  const stopping = new Registration(paths.users, "stopping-");
  try {
    if (hasUsers(paths.users) || isRunning({ folder }) || !isGone(paths.project)) return;
    const removed = join(dirname(folder), `${REMOVED}${basename(folder)}`);
    await rename(folder, removed);
    await rm(removed, { recursive: true, force: true });
  } finally {
    stopping.remove();
  }
}

/** A project's name is part of a place's name, and never begins with a dot and this. */
const REMOVED = ".removed-";

/** False wherever there is a doubt: the file is missing or of an older version, or the project's file system is not mounted. */
function isGone(projectFile: string): boolean {
  let remembered: RememberedProject;
  try {
    remembered = JSON.parse(readFileSync(projectFile, "utf8"));
  } catch {
    return false;
  }
  if (typeof remembered.path !== "string" || deviceOf(remembered.path) !== undefined) return false;
  for (let path = dirname(remembered.path); ; path = dirname(path)) {
    const device = deviceOf(path);
    if (device !== undefined) return device === remembered.device;
    if (path === dirname(path)) return false;
  }
}

/** Undefined where nothing is there; any other trouble (a right, a network) throws. */
function deviceOf(path: string): number | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.dev;
}
