import { defineErrors } from "./definition.ts";

/** Codes EJS25xx: JSON processes. EJS250x: the file. EJS251x: types and ports. EJS252x: the graph. EJS253x: nodes. EJS254x: effects and transactions. */
export const processErrors = defineErrors({
  EJS2501: {
    title: "A process file is no JSON",
    detail: "A file in `processes/` cannot be parsed. Comments and trailing commas are no JSON.",
    hint: "Mend the place that the caret shows.",
  },
  EJS2502: {
    title: "A member of a process file is there twice",
    detail: "Two members of one object have the same name: the second one would silently replace the first.",
    hint: "Remove one of the two, or rename it.",
  },
  EJS2503: {
    title: "A process file is not of its format",
    detail: "A member is missing, unknown, or of another form than `schema/process-1.json` says.",
    hint: 'Write "$schema": "https://enginejs.dev/schema/process-1.json" into the file, and the editor completes it.',
  },
  EJS2504: {
    title: "Two workflows of one name",
    detail: "A process has the name of another process, or of a workflow of the model.",
    hint: "Rename one of the two.",
  },
  EJS2505: {
    title: "What starts a process does not fit it",
    detail:
      "The trigger, the execution model and the type of a process belong together: what is scheduled has a clock, what is event-driven an event, what is called neither.",
    hint: "The message says what is expected.",
  },
  EJS2506: {
    title: "As whom a process runs is not said",
    detail: "A clock and a webhook are nobody whose rights a run could have.",
    hint: 'Write "as": "system", or {"impersonate": "…"}.',
  },
  EJS2510: {
    title: "There is no such type",
    detail: "A port, an input, an output or an error names a type that `$defs` does not have.",
    hint: "Declare the type in $defs.",
  },
  EJS2511: {
    title: "A type cannot be used",
    detail: "A type of `$defs` refers to one that is not there, or to itself.",
    hint: 'Write {"$ref": "#/$defs/Name"}, without a circle.',
  },
  EJS2512: {
    title: "An edge joins types that do not fit",
    detail:
      "What an out port gives has to be what the in port takes: the same type, or one with all that the other requires.",
    hint: "Change one of the two types, or put a transform between them.",
  },
  EJS2513: {
    title: "A value is of another type",
    detail: "An expression, or what an operation gives, does not fit the type that is declared for it.",
    hint: "Change the expression or the type.",
  },
  EJS2514: {
    title: "The ports of a node are not those of its operation",
    detail: "Each operation has its own ways in and out: a branch has the ports of its cases, a compute has one.",
    hint: "The message says what is expected.",
  },
  EJS2520: {
    title: "An edge leads from or to what there is not",
    detail: "An edge names a node that the process does not have, or a port that the node does not declare.",
    hint: 'An edge is written ["node.port", "node.port"], from an out port to an in port.',
  },
  EJS2521: {
    title: "A port leads nowhere",
    detail:
      "An in port that no edge leads to would never get a value, and its node never run; a way that a node can choose, with nothing behind it, would end the run without an output.",
    hint: "Add an edge, or remove the port.",
  },
  EJS2522: {
    title: "A node cannot be reached",
    detail: "No path leads from the start to the node.",
    hint: "Add an edge to one of its in ports, or remove the node.",
  },
  EJS2523: {
    title: "Nodes lead back to themselves",
    detail: "The edges of a process form a circle. A run goes forward only; repetitions are runs of their own.",
    hint: "Remove one of the edges.",
  },
  EJS2524: {
    title: "A process has no beginning",
    detail: "A process begins with one node: `start`, or `queue.consume` where its type is queueConsumer.",
    hint: 'Add "start": {"op": "start", "out": {"input": "…"}}.',
  },
  EJS2525: {
    title: "A name means something else",
    detail: "A node or port has a name that expressions know already, such as `actor` or `input`.",
    hint: "Choose another name.",
  },
  EJS2526: {
    title: "A declared output or error never occurs",
    detail: "No node gives this output or fails with this error.",
    hint: "Remove it, or add the node.",
  },
  EJS2527: {
    title: "There is no such output or error",
    detail: "A node `output` or `fail` names what the process does not declare in `outputs` or `errors`.",
    hint: "Declare it.",
  },
  EJS2528: {
    title: "Two nodes of one id",
    detail: "Nodes are told apart by their ids in the whole of a process, its bodies included: operators name them.",
    hint: "Call one of the two otherwise.",
  },
  EJS2529: {
    title: "A node has no place there",
    detail:
      "In the body of a forEach an `output` gives an item's result and has no name; a compensation gives nothing.",
    hint: "The message says what is expected.",
  },
  EJS2530: {
    title: "A node names what there is not",
    detail: "The model has no entity, field, task, query, queue or workflow of this name.",
    hint: "The message lists the names that there are.",
  },
  EJS2531: {
    title: "A field cannot be written like this",
    detail: "A node gives a value to a field that the model computes or guards, or leaves out one that is required.",
    hint: "The message names the field.",
  },
  EJS2532: {
    title: "An operation does not say what it needs",
    detail:
      "Of some members an operation takes exactly one: `db.get` has `id` or `where`, `wait` has `for`, `until` or `signal`.",
    hint: "The message says which.",
  },
  EJS2533: {
    title: "An operation is not one of the process' type",
    detail: "A calculation computes only; a database workflow reads and writes the database, and nothing else.",
    hint: "Change the type of the process, or take the node out.",
  },
  EJS2540: {
    title: "An effect is not declared",
    detail:
      "A node writes to a database, sends to a queue or calls a service that `uses` does not list: it does not compile.",
    hint: "List the effect in uses.",
  },
  EJS2541: {
    title: "A declared effect is never used",
    detail: "`uses` allows more than the process does.",
    hint: "Remove it from uses.",
  },
  EJS2542: {
    title: "Nodes of one transaction are not one piece",
    detail:
      "Nodes with the same `tx` are one transaction: nothing may lie between them that is none of the database, and they begin with one node.",
    hint: "Give the nodes behind another tx, or none.",
  },
});
