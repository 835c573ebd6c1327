/** Is a process still the one that wrote its number down? A number alone does not tell: the system uses numbers again. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** True where a process of that number lives, whoever owns it. A zombie has ended; only its parent has not looked yet. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || statOf(pid)[0] !== "Z";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** A text that differs between two processes that had the same number; "" where the system tells nothing. */
export function startOf(pid: number): string {
  try {
    if (process.platform === "linux") return statOf(pid)[19] ?? "";
    if (process.platform === "win32") return "";
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return "";
  }
}

/** The fields of Linux's `stat` from the state on. The command's name before it, in parentheses, may hold spaces. */
function statOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    // It ended just now, or /proc is not there to be asked.
    return [];
  }
}

/** The command line of a process; "" where the system does not tell. */
export function commandOf(pid: number): string {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    if (process.platform === "win32") return "";
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return "";
  }
}
