import { defineErrors } from "./definition.ts";

/** Codes EJS21xx to EJS29xx: the model (entities, fields, relations, policies, actions, workflows as declared). */
export const modelErrors = defineErrors({
  // --- names and options
  EJS2101: {
    title: "Malformed name",
    detail:
      "Names reach SQL, GraphQL, file names and messages; they are letters and digits, so that they are harmless in all of them.",
    hint: "Entities begin with a capital letter (InvoiceLine), fields, actions and views with a small one (dueAt); workflows, tasks and roles may also hold - _ and .",
  },
  EJS2102: {
    title: "Reserved name",
    detail: "The name means something else in PostgreSQL, in GraphQL, in JavaScript or in the model itself.",
    hint: "Choose another name; for an entity, the option `table` gives its table another one.",
  },
  EJS2103: {
    title: "Name too long",
    detail: "PostgreSQL cuts names of more than 63 bytes, so that two names could silently become one.",
    hint: "Choose a shorter name; for an entity, the option `table` gives its table another one.",
  },
  EJS2104: {
    title: "Two things of one name",
    detail: "Two entities, two workflows, or two things that become one name in PostgreSQL or GraphQL.",
    hint: "Rename one of them.",
  },
  EJS2105: {
    title: "Unknown option",
    detail: "The declaration has no option of that name.",
    hint: "The message lists the options that there are.",
  },
  EJS2106: {
    title: "Option of the wrong form",
    detail: "The option was given a value that it does not take.",
    hint: "The message says what it takes.",
  },
  // --- configuration
  EJS2110: {
    title: "The config names an entity that there is not",
    detail: "`tenancy` and `actor` name entities of the model.",
    hint: "Correct the name in enginejs.config.ts, or declare the entity.",
  },
  EJS2111: {
    title: "Tenancy is incomplete",
    detail:
      "Members of a tenant are found through the membership entity: it has one reference to the actor's entity and one field of type roles(); the tenant's entity and the actor's belong to no tenant.",
    hint: "See docs/architecture.md for the three entities of a tenancy.",
  },
  EJS2112: {
    title: "Unknown role",
    detail: "Roles are declared in enginejs.config.ts.",
    hint: "Correct the name, or declare the role in the config.",
  },
  EJS2113: {
    title: "Roles extend each other in a circle",
    detail: "A role that extends itself, over others or not, would be the same role by several names.",
    hint: "Leave one `extends` out.",
  },
  EJS2114: {
    title: "Unknown flag",
    detail: "Flags are declared in enginejs.config.ts.",
    hint: "Correct the name, or declare the flag in the config.",
  },
  EJS2115: {
    title: "Consent to something that there is not",
    detail:
      "`consents` of the config names an entity (`Invoice`), one of its commands, actions or fields (`Invoice.delete`), a role, flag or claim (`roles.billing`, `flags.drafts`, `claims.teams`), a workflow or queue (`workflows.send-refund`, `queues.stock-moves`), or `webhooks`, `webhooks.events`, `webhooks.manage`, `webhooks.privateHosts`.",
    hint: "Correct the name, or leave the consent out: one that a build has taken is not needed any more.",
  },
  // --- fields and relations
  EJS2120: {
    title: "Not a field",
    detail: "A field is declared by one of the field functions: text(), money(), state(), ref(), array(), …",
    hint: "Call one of the field functions; undefined is usually a misspelt import.",
  },
  EJS2121: {
    title: "Unknown entity",
    detail: "A reference, step or trigger names an entity that no model file declares.",
    hint: "Correct the name, or declare the entity.",
  },
  EJS2122: {
    title: "The many side of a relation has no other side",
    detail:
      'array(ref("X")) shows the rows of X whose reference points here: X needs exactly one such reference, or `.via()` says which.',
    hint: 'Add the reference to the other entity, or name it with .via("field").',
  },
  EJS2123: {
    title: "Modifier that this field cannot have",
    detail: "Not every modifier has a meaning for every type of field, or together with another modifier.",
    hint: "Remove the modifier.",
  },
  EJS2124: {
    title: "Default that does not fit",
    detail: "The default is no value of the field's type.",
    hint: "Give a value of the field's type, or a callback over the actor.",
  },
  EJS2125: {
    title: "State machine that cannot be",
    detail: "A state machine has at least one state, each named once, and begins in one of them.",
    hint: 'state(["draft", "sent"], { initial: "draft" })',
  },
  EJS2126: {
    title: "Circle of required references",
    detail: "Each of these rows needs another one before it: none could ever be inserted.",
    hint: "Make one of the references optional.",
  },
  EJS2127: {
    title: "Reference out of no tenant into one",
    detail: "A row that belongs to no tenant cannot refer to one that does: nothing would say whose it is.",
    hint: "Turn the reference around, or make the entity tenant-owned.",
  },
  EJS2128: {
    title: "Field that every entity has",
    detail: "id, tenant, createdAt and updatedAt are there without being declared, and always of the same type.",
    hint: "Leave the declaration out, or choose another name.",
  },
  // --- callbacks
  EJS2130: {
    title: "Callback that failed",
    detail: "Callbacks run once, while the model is built, over symbols; this one threw.",
    hint: "Use only what the callback is given.",
  },
  EJS2131: {
    title: "Callback without an expression",
    detail: "A callback returns an expression over the symbols that it is given.",
    hint: "Return the expression: ({ row, actor }) => row.owner.id.eq(actor.id)",
  },
  EJS2132: {
    title: "Not a condition",
    detail: "Policies, guards and `.allow()` take a rule made by rule(), or a callback.",
    hint: "Give a rule or a callback; undefined is usually a misspelt import.",
  },
  EJS2133: {
    title: "Value of another type",
    detail: "The expression gives a value of another type than its place needs.",
    hint: "The message names both types.",
  },
  // --- policies, actions, views
  EJS2140: {
    title: "Malformed policy",
    detail: "A policy says which commands it allows, and when.",
    hint: 'allow("read", "members read").when(isMember), or allow({ read: isMember, write: isOwner })',
  },
  EJS2141: {
    title: "Unknown state in a transition",
    detail: "An action goes from and to states of the entity's state machine.",
    hint: "Correct the name, or add the state.",
  },
  EJS2142: {
    title: "Transition that cannot be",
    detail: "An action that changes the state says from where and to where; the entity has one state field.",
    hint: "Give both .from() and .to().",
  },
  EJS2143: {
    title: "Unknown field",
    detail: "A view or index names a field that the entity does not have, or that cannot stand there.",
    hint: "Correct the name.",
  },
  EJS2144: {
    title: "Unknown effect",
    detail: "An action's effect is a task file or a workflow of the project.",
    hint: 'effect(task("send-invoice")) for tasks/send-invoice.ts',
  },
  EJS2145: {
    title: "Effect without its input",
    detail:
      "The input of a task that is an effect comes from the action's input, else from the record's fields of the same names.",
    hint: "Add the property to the action's input, or write a workflow that says where it comes from.",
  },
  EJS2146: {
    title: "Unknown permission",
    detail:
      "A permission is a command or an action of an entity (Invoice.pay), or one that enginejs.config.ts declares (reports.export).",
    hint: "Correct the name, or declare the action or the permission.",
  },
  EJS2147: {
    title: "Claim that cannot be",
    detail: "A claim is read of the actor's row, live: one value, or a list of values.",
    hint: "claims: { teams: ({ actor }) => actor.memberships.map((m) => m.team.id) }",
  },
  EJS2148: {
    title: "Field rule that cannot be",
    detail:
      "A field with a read rule lies in a table of its own, so that reading, filtering and ordering by it neither fail nor leak; what rests on the row's own table cannot be said of it.",
    hint: "The message says why, and what to write instead.",
  },
  EJS2149: {
    title: "Deny of what nothing allows",
    detail:
      "What no policy allows is refused anyway. A deny that can never matter would look like a protection that something rests on.",
    hint: "Take it away, or add the policy that allows; what nobody may needs no sentence.",
  },
  // --- workflows
  EJS2150: {
    title: "Workflow without a trigger",
    detail: "A workflow starts on an event of an entity, or as the effect of one action.",
    hint: 'on: Invoice.on("pay"), Invoice.created(), .updated(), .deleted(), .at("dueAt"), every("1h"), cron(…), manual(…), signal(…), webhook(…), or what a queue has .received()',
  },
  EJS2151: {
    title: "Unknown action",
    detail: "A trigger names an action that the entity does not have.",
    hint: "Correct the name, or declare the action.",
  },
  EJS2152: {
    title: "Trigger on an entity without events",
    detail: "The entity says `events: false`: its changes write nothing that could start a workflow.",
    hint: "Remove `events: false`.",
  },
  EJS2153: {
    title: "Unknown task",
    detail: "A step names a task that has no file in tasks/ and is no step of a plugin in the config.",
    hint: "Correct the name, write the file, or list the plugin.",
  },
  EJS2154: {
    title: "Step with an unusable name",
    detail: "Steps are named by letters and digits, each once in its workflow, and not like what every step sees.",
    hint: "Rename the step.",
  },
  EJS2155: {
    title: "Step that writes an unknown field",
    detail: "A create step gives values to stored fields of the entity.",
    hint: "Correct the name.",
  },
  EJS2156: {
    title: "Step without a required value",
    detail: "The field or property is required and has no default.",
    hint: "Give the value.",
  },
  EJS2157: {
    title: "Unknown property of a task's input",
    detail: "The task's schema has no such property.",
    hint: "Correct the name, or add the property to the task's schema.",
  },
  EJS2158: {
    title: "Malformed retry",
    detail: "`retry` says how often and how long a failed step is tried again.",
    hint: 'retry: { attempts: 6, backoff: "exponential", initial: "2s", max: "10m" }',
  },
  EJS2159: {
    title: "Workflow without steps",
    detail: "`steps` is a function that gets a flow and returns it with the steps added.",
    hint: 'steps: (flow) => flow.task("mail", "send-receipt")',
  },
  EJS2160: {
    title: "Task schema that is not JSON",
    detail:
      "What goes into a task and comes out of it is kept as JSON; its schema must be one that JSON Schema can say.",
    hint: "Use a z.object() of strings, numbers, booleans, arrays and objects; a time is z.iso.datetime(), a whole number z.int().",
  },
  EJS2161: {
    title: "Step with an unknown query",
    detail:
      "A query step names a file of `queries/` by its name without the ending, and gives each parameter that stands in its text as `:name` a value.",
    hint: "The message says what there is.",
  },
  EJS2162: {
    title: "Step that starts an unknown workflow",
    detail: "A start step names another workflow of the project.",
    hint: "The message says what there is.",
  },
  EJS2163: {
    title: "Query that cannot be one",
    detail:
      "A file of `queries/` holds one statement that reads or writes; it runs inside the transaction of a step, as the run's actor, so it neither ends that nor changes the role.",
    hint: "Write one select, insert, update, delete or with.",
  },
  EJS2164: {
    title: "Schedule that cannot be one",
    detail:
      "A workflow that the clock starts says how often, or a cron expression of five fields with a time zone, and what becomes of ticks that no worker was there for.",
    hint: 'every("5m"), or cron("0 9 * * 1", "Europe/Berlin", { catchUp: "none" })',
  },
  EJS2165: {
    title: "Moment that no row has",
    detail:
      "A workflow that starts at a time which each row says names a field of type timestamp or date that lies in the entity's own table, and how long before or after.",
    hint: 'Invoice.at("dueAt", "-2d")',
  },
  EJS2166: {
    title: "Nobody to inherit rights from",
    detail:
      "The clock and a request from outside are nobody: a workflow that they start cannot run with the rights of whoever caused it.",
    hint: 'Say as: "system", which passes every policy, or as: impersonate(…).',
  },
  EJS2167: {
    title: "Signal or webhook that cannot start a workflow",
    detail:
      "A signal has a name. A webhook has a name, which is the last part of its URL, the environment variable of its secret, and the scheme that its requests are signed by.",
    hint: 'webhook("stripe", { secret: env("STRIPE_SECRET"), scheme: "stripe" })',
  },
  EJS2168: {
    title: "Order, limit or pause that cannot be kept",
    detail:
      "`ordered`, `concurrency`, `rate`, `debounce` and `priority` say when the runs of a workflow begin. Keys are callbacks over the event or the input.",
    hint: 'ordered: "record", concurrency: { limit: 2, key: ({ event }) => event.after.customer.id }, priority: -10',
  },
  EJS2169: {
    title: "Webhooks that cannot be offered",
    detail:
      "`webhooks` of the config names events of entities that belong to a tenant (`Invoice.created`, `.updated`, `.deleted`, or an action), the tenant's roles that manage endpoints, and perhaps hosts that may have a private address.",
    hint: 'webhooks: { events: ["Invoice.created", "Invoice.pay"], manage: ["billing"] }',
  },
  EJS2170: {
    title: "Queue that cannot be",
    detail:
      "A queue has a name of its own, and may say what a message is (`message`, a zod schema), which of the tenant's roles publish (`publish`), and how its consumers retry (`retry`). What publishes or receives names a queue that is declared.",
    hint: 'export const orderEvents = queue("order-events", { message: z.object({ orderId: z.uuid() }), publish: ["billing"] })',
  },
  EJS2171: {
    title: "Event that there is not",
    detail:
      "`on(…)` names an event of an entity (`Invoice.created`, `.updated`, `.deleted`, or an action: `Invoice.pay`), or a queue.",
    hint: 'on("Invoice.created", async ({ event }) => …)',
  },
  EJS2172: {
    title: "Handler without a name",
    detail:
      "A handler is known by the name under which a file of `handlers/` exports it: its runs, retries and dead letters outlive every process under that name. One that no file exports has none; two must not have the same.",
    hint: 'export const announce = on("Invoice.created", async ({ event }) => …)',
  },
  EJS2173: {
    title: "Plugin that cannot be",
    detail:
      "`plugins` of the config lists what `definePlugin` makes, most often by a function that takes options. A plugin has a name, may have a version and a description, and adds steps, each made by `defineTask`.",
    hint: 'plugins: [slack({ token: env("SLACK_TOKEN") })], where slack returns definePlugin({ name: "slack", steps: { "post-message": defineTask({ … }) } })',
  },
});
