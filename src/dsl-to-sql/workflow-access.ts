/**
 * What decides access beside rows, compared between two builds: who may start a workflow, decide its approvals, publish to a
 * queue, manage webhook endpoints; as whom a workflow acts; which events leave by webhooks. No row is counted for it: roles
 * are told from the texts, and what these do not prove is told as changed.
 */
import type { Workflow } from "../model/index.ts";
import { type Builds, changedOf } from "./access-causes.ts";
import { directionOf } from "./access-direction.ts";
import type { AccessRules } from "./access-rules.ts";
import { same } from "./model-change.ts";
import { renamedWorkflows } from "./renamed-workflows.ts";
import { causeOf, plainChange, type RightCause, type RightChange } from "./right-change.ts";
import type { SpokenRule } from "./spoken-rule.ts";
import { startedBy } from "./started-by.ts";
import { whoMay } from "./who-may.ts";
import { approvalsOf, managing, publishing, rightsOfWorkflow, type WorkflowRight } from "./workflow-rights.ts";

/** What is new in a build widens nothing: nobody had it. What only has another name is not new. */
export function compareWorkflowAccess(before: AccessRules, after: AccessRules, builds: Builds): readonly RightChange[] {
  const rights = { before, after, builds };
  const old = builds.previous.system;
  const now = builds.next.system;
  const renamed = renamedWorkflows(old.workflows, now.workflows);
  const workflows = [...now.workflows].sort(byName).flatMap((workflow) => {
    const was = renamed.get(workflow.name) ?? old.workflows.find(({ name }) => name === workflow.name);
    return was === undefined ? [] : compareWorkflow(was, workflow, rights);
  });
  const queues = [...(now.queues ?? [])].sort(byName).flatMap(({ name }) => {
    if (old.queues?.some((queue) => queue.name === name) !== true) return [];
    return compareRight(publishing(name, before), publishing(name, after), rights);
  });
  return [...workflows, ...queues, ...compareWebhooks(rights)];
}

interface Compared {
  readonly before: AccessRules;
  readonly after: AccessRules;
  readonly builds: Builds;
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);

function compareWorkflow(was: Workflow, now: Workflow, compared: Compared): readonly RightChange[] {
  const old = rightsOfWorkflow(was, compared.before);
  const rights = rightsOfWorkflow(now, compared.after).flatMap((right) => {
    const before = old.find(({ operation }) => operation === right.operation);
    return before === undefined ? [] : compareRight(before, right, compared);
  });
  return [
    ...rights,
    ...compareStarters(was, now, compared),
    ...goneApprovals(was, now, compared.builds),
    ...compareActing(was, now, compared.builds),
  ];
}

/** Who starts it without being asked for a role: whoever signs a request, publishes a message, writes a row. */
function compareStarters(was: Workflow, now: Workflow, { builds }: Compared): readonly RightChange[] {
  // As whom it acts is told by itself.
  const [before, after] = [startedBy({ ...was, as: now.as }), startedBy(now)];
  if (before?.key === after?.key) return [];
  const subjects = [`workflows.${now.name}`];
  const cause = causeOf("~", `trigger of workflow ${now.name}`, `workflows.${now.name}`, subjects, builds);
  const says = [
    ...(after === undefined ? [] : [`${after.who} may now start ${now.name}`]),
    ...(before === undefined ? [] : [`${before.who} may no longer start ${now.name}`]),
  ];
  const change = after === undefined ? cause : { ...cause, widens: "unknown" as const };
  return [plainChange(`workflow ${now.name}`, "start", says, change)];
}

/** What waited for somebody's word goes on without one. An approval of the same policy under another name is the same. */
function goneApprovals(was: Workflow, now: Workflow, builds: Builds): readonly RightChange[] {
  const old = approvalsOf(was);
  const added = approvalsOf(now).filter(({ id }) => !old.some((node) => node.id === id));
  const gone = old.filter(({ id }) => !approvalsOf(now).some((node) => node.id === id));
  return gone.flatMap((node): RightChange[] => {
    const renamed = added.findIndex(({ policy }) => policy === node.policy);
    if (renamed >= 0) {
      added.splice(renamed, 1);
      return [];
    }
    const says = [`${now.name} asks nobody for ${node.id} any more`];
    const what = `approval ${node.id} of workflow ${now.name}`;
    const cause = causeOf("-", what, `workflows.${now.name}`, [`workflows.${now.name}`], builds);
    return [plainChange(`workflow ${now.name}`, `decide ${node.id}`, says, { ...cause, widens: "unknown" })];
  });
}

function compareActing({ as: was }: Workflow, { name, as: now }: Workflow, builds: Builds): readonly RightChange[] {
  if (same(was, now)) return [];
  const cause = causeOf("~", `actor of workflow ${name}`, `workflows.${name}`, [`workflows.${name}`], builds);
  // With his own rights nobody does what he could not do without the workflow; the system may do everything.
  const widens: RightCause["widens"] | undefined =
    now === "inherit" || was === "system" ? undefined : now === "system" ? "some" : "unknown";
  const says =
    now === "system"
      ? `${name} now acts as the system, past every policy`
      : now === "inherit"
        ? `${name} now acts as whoever causes it`
        : `${name} now acts as somebody else: ${now.impersonate}`;
  const change = widens === undefined ? cause : { ...cause, widens };
  return [plainChange(`workflow ${name}`, "act", [says], change)];
}

function compareWebhooks(compared: Compared): readonly RightChange[] {
  const { builds } = compared;
  const [was, now] = [builds.previous.system.webhooks, builds.next.system.webhooks];
  const isOld = (name: string): boolean =>
    builds.previous.system.entities.some((entity) => entity.name === name) ||
    builds.previous.system.queues?.some((queue) => queue.name === name) === true;
  const names = (of: typeof now): readonly string[] =>
    (of?.events ?? []).filter((event) => isOld("queue" in event ? event.queue : event.entity)).map(({ name }) => name);
  return [
    ...compareLists("events", names(was), names(now), "be sent", builds),
    ...compareRight(managing(compared.before), managing(compared.after), compared),
    ...compareLists("hosts", was?.privateHosts ?? [], now?.privateHosts ?? [], "be at", builds),
  ];
}

function compareLists(
  operation: "events" | "hosts",
  was: readonly string[],
  now: readonly string[],
  may: string,
  builds: Builds,
): readonly RightChange[] {
  const gained = now.filter((item) => !was.includes(item)).sort();
  const lost = was.filter((item) => !now.includes(item)).sort();
  if (gained.length + lost.length === 0) return [];
  const what = operation === "events" ? "events of webhooks" : "privateHosts of webhooks";
  const subject = operation === "events" ? "webhooks.events" : "webhooks.privateHosts";
  const cause = causeOf("~", what, "webhooks", [subject, "webhooks"], builds);
  const says = [
    ...(gained.length > 0 ? [`webhook endpoints may now ${may} ${gained.join(", ")}`] : []),
    ...(lost.length > 0 ? [`webhook endpoints may no longer ${may} ${lost.join(", ")}`] : []),
  ];
  const change = plainChange("webhooks", operation, says, gained.length > 0 ? { ...cause, widens: "some" } : cause);
  return [{ ...change, mayNarrow: lost.length > 0, gained, lost }];
}

function compareRight(was: WorkflowRight, now: WorkflowRight, { builds }: Compared): readonly RightChange[] {
  const known = new Set(builds.previous.system.roles.map(({ name }) => name));
  const side = ({ allows }: WorkflowRight) => ({ allows, denies: [] });
  const { widening, mayWiden, mayNarrow } = directionOf(side(was), side(now), (role) => known.has(role));
  if (!mayWiden && !mayNarrow) return [];
  const roles = [builds.previous, builds.next]
    .flatMap(({ system }) => system.roles)
    .filter(({ of }) => of === "tenant")
    .map(({ name }) => name);
  const { says, gained, lost } = whoMay(was.allows, now.allows, roles, now.deed);
  const widens = gained.length > 0 ? "some" : "unknown";
  const causes = new Map<string, RightCause>();
  const add = (cause: RightCause, rules: readonly (SpokenRule | undefined)[]): void => {
    const wider = rules.some((rule) => rule !== undefined && widening.has(rule));
    if (wider || !causes.has(cause.what)) causes.set(cause.what, wider ? { ...cause, widens } : cause);
  };
  for (const sentence of new Set([...was.allows, ...now.allows].map((rule) => rule.sentence))) {
    const of = ({ allows }: WorkflowRight) => allows.find((rule) => rule.sentence === sentence);
    const [before, after] = [of(was), of(now)];
    const verb = before === undefined ? "+" : after === undefined ? "-" : "~";
    const { source, subjects } = now;
    if (before?.text !== after?.text) add(causeOf(verb, sentence, source, subjects, builds), [after]);
    else if (after !== undefined) {
      const others = changedOf(after.mentions, builds);
      for (const { name, what } of others) add(causeOf("~", what, name, [name, ...subjects], builds), [after]);
      if (others.length === 0 && widening.has(after))
        add(causeOf("~", `what ${sentence} asks for`, source, subjects, builds), [after]);
    }
  }
  const said = says.length > 0 ? says : [`who may ${now.deed} changed`];
  const { of, operation } = now;
  return [{ of, operation, mayWiden, mayNarrow, says: said, gained, lost, causes: [...causes.values()] }];
}
