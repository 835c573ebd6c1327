/**
 * What `import … from "enginejs"` means in the files of a project: this very package, compiled or as sources, so that
 * the declarations of a model and the engine that reads them are one instance.
 */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";

/** True where Node runs the TypeScript sources: in a clone of the repository. */
export const runsSources: boolean = import.meta.url.endsWith(".ts");

const packageUrl = new URL("../../", import.meta.url);
const ownCode = new URL(runsSources ? "src/" : "dist/", packageUrl).href;
const registered = Symbol.for("enginejs.imports");
const generationKey = "enginejs-generation";

/**
 * Registers the resolution for this thread, once. Files that are imported with `generation()` hand their generation on to
 * the files of the project that they import: a later generation loads all of them anew.
 */
export function resolveEngineImports(): void {
  const state = globalThis as { [registered]?: true };
  if (state[registered]) return;
  state[registered] = true;
  const own = ownModules();
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const url = own.get(specifier);
      if (url !== undefined) return { url, shortCircuit: true };
      const resolved = nextResolve(specifier, context);
      const generation = generationOf(context.parentURL);
      if (generation === null || !isProjectFile(resolved.url)) return resolved;
      return { ...resolved, url: withGeneration(resolved.url, generation) };
    },
  });
}

/** The URL under which a file is loaded anew. */
export function withGeneration(url: string, generation: string | number): string {
  const result = new URL(url);
  result.searchParams.set(generationKey, String(generation));
  return result.href;
}

function generationOf(url: string | undefined): string | null {
  return url?.includes(generationKey) ? new URL(url).searchParams.get(generationKey) : null;
}

function isProjectFile(url: string): boolean {
  return url.startsWith("file:") && !url.includes("/node_modules/") && !url.startsWith(ownCode);
}

/** `enginejs`, `enginejs/server` …: the package's exports, each with the file that stands for it here. */
function ownModules(): Map<string, string> {
  const { name, exports } = JSON.parse(readFileSync(new URL("package.json", packageUrl), "utf8")) as {
    name: string;
    exports: Record<string, string | { default: string }>;
  };
  const modules = new Map<string, string>();
  for (const [path, target] of Object.entries(exports)) {
    if (typeof target === "string") continue;
    const file = runsSources ? target.default.replace("./dist/", "./src/").replace(/\.js$/, ".ts") : target.default;
    modules.set(name + path.slice(1), new URL(file, packageUrl).href);
  }
  return modules;
}
