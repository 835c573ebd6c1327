/** The mutants of a condition: each clause left out, each atom turned around. */
import { parse, print, type Syntax } from "../expression/index.ts";

export interface ConditionMutant {
  readonly kind: "without" | "negated";
  /** The clause, as the condition has it. */
  readonly clause: string;
  /** The whole condition with the change. */
  readonly text: string;
}

interface Change {
  readonly kind: ConditionMutant["kind"];
  readonly clause: Syntax;
  readonly syntax: Syntax;
}

const QUANTIFIERS = new Set(["exists", "all", "filter"]);

/** Every single change of a condition; none of a text that does not parse. */
export function conditionMutants(text: string): readonly ConditionMutant[] {
  const parsed = parse(text);
  if (!parsed.ok) return [];
  return changes(parsed.syntax).map(({ kind, clause, syntax }) => ({
    kind,
    clause: print(clause),
    text: print(syntax),
  }));
}

function changes(node: Syntax): readonly Change[] {
  switch (node.kind) {
    case "logical":
      return [
        ...node.operands.map((operand): Change => {
          const [first, ...rest] = node.operands.filter((other) => other !== operand);
          const without =
            rest.length === 0 && first !== undefined ? first : { ...node, operands: first ? [first, ...rest] : [] };
          return { kind: "without", clause: operand, syntax: without };
        }),
        ...node.operands.flatMap((operand) =>
          within(operand, (changed) => ({
            ...node,
            operands: node.operands.map((each) => (each === operand ? changed : each)),
          })),
        ),
      ];
    case "conditional":
      return [
        ...within(node.condition, (condition) => ({ ...node, condition })),
        ...within(node.then, (then) => ({ ...node, then })),
        ...within(node.otherwise, (otherwise) => ({ ...node, otherwise })),
      ];
    case "unary": {
      const inner = insideOf(node.operand).map((change) => ({
        ...change,
        syntax: { ...node, operand: change.syntax },
      }));
      // To turn its only atom around would be the same again.
      return [{ kind: "negated", clause: node, syntax: node.operand }, ...inner];
    }
    default:
      return [
        { kind: "negated", clause: node, syntax: { kind: "unary", operator: "!", operand: node, range: node.range } },
        ...insideOf(node),
      ];
  }
}

const within = (node: Syntax, around: (changed: Syntax) => Syntax): readonly Change[] =>
  changes(node).map((change) => ({ ...change, syntax: around(change.syntax) }));

/** What stands in a term: the predicates of its quantifiers, and of filters before them. */
function insideOf(node: Syntax): readonly Change[] {
  if (node.kind === "logical") return changes(node);
  if (node.kind !== "method") return [];
  const [variable, predicate] = node.arguments;
  const ofTarget = insideOf(node.target).map((change) => ({ ...change, syntax: { ...node, target: change.syntax } }));
  if (variable === undefined || predicate === undefined || !QUANTIFIERS.has(node.name)) return ofTarget;
  return [...ofTarget, ...within(predicate, (changed) => ({ ...node, arguments: [variable, changed] }))];
}
