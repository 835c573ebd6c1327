import { depthLimit } from "@graphile/depth-limit";
import { GraphQLError, Kind, specifiedRules, type ValidationContext, type ValidationRule } from "postgraphile/graphql";
import type { RequestErrorCode } from "../request-error.ts";

export interface DepthLimits {
  /** Levels of fields. */
  readonly depth: number;
  /** Lists within lists. */
  readonly listDepth: number;
  /** How often a path may come back to the same field. */
  readonly selfReferences: number;
}

/** GraphQL's own rules and the server's. They see no variables, so that their verdict holds for the document. */
export function validationRules(limits: DepthLimits, introspection: boolean): readonly ValidationRule[] {
  const depth = depthLimit({
    maxDepth: limits.depth,
    maxListDepth: limits.listDepth,
    maxSelfReferentialDepth: limits.selfReferences,
    revealDetails: true,
    // As deep as the query that graphql-js and its tools make of it.
    maxIntrospectionDepth: 20,
    maxIntrospectionListDepth: 5,
    maxDepthByFieldCoordinates: { "__Type.ofType": 12 },
  });
  return [...specifiedRules, withCode("EJS5021", depth), ...(introspection ? [] : [noIntrospection])];
}

/** The rule with a code on what it reports. */
function withCode(code: RequestErrorCode, rule: ValidationRule): ValidationRule {
  return (context) => {
    const coded: ValidationContext = Object.create(context, {
      reportError: {
        value: ({ message, nodes }: GraphQLError) =>
          context.reportError(new GraphQLError(message, { nodes: nodes ?? null, extensions: { code } })),
      },
    });
    return rule(coded);
  };
}

const noIntrospection: ValidationRule = (context) => ({
  [Kind.FIELD](node) {
    if (node.name.value !== "__schema" && node.name.value !== "__type") return;
    const code: RequestErrorCode = "EJS5023";
    context.reportError(new GraphQLError("Introspection is off.", { nodes: node, extensions: { code } }));
  },
});
