import { declarationOf } from "../dsl/declared.ts";
import type { SeedDeclaration } from "../dsl/seed.ts";
import { discover } from "./discover.ts";
import { importModule } from "./import-module.ts";
import { projectError } from "./project-error.ts";

/**
 * The project's seed, or undefined where it has none.
 *
 * @throws EJS1031 where `seed.ts` exports something else
 */
export async function loadSeed(folder: string): Promise<SeedDeclaration | undefined> {
  const { seed: file } = discover(folder);
  if (file === undefined) return undefined;
  const module = await importModule(folder, file);
  const seed = declarationOf<SeedDeclaration>(module.default, "seed");
  if (seed !== undefined) return seed;
  throw projectError("EJS1031", `${file} exports no seed as its default.`, { where: { file, line: 1, column: 1 } });
}
