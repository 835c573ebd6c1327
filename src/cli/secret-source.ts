import { loadProject } from "../project/load-project.ts";

/**
 * Where secrets that sign webhooks and requests come from, by the names of their variables: the environment; with
 * NODE_ENV=development also what the model's files say for development.
 */
export async function secretSource(folder: string): Promise<(variable: string) => string | undefined> {
  if (process.env.NODE_ENV !== "development") return (variable) => process.env[variable];
  // A model that cannot be read has no secrets; what the database holds is served all the same.
  const known = await loadProject(folder).then(
    ({ developmentSecrets }) => developmentSecrets,
    () => new Map<string, string>(),
  );
  return (variable) => process.env[variable] || known.get(variable);
}
