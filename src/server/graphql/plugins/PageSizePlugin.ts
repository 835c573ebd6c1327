import type {} from "postgraphile";

interface Pageable {
  setFirst(first: unknown): void;
}

/** A list that is asked for without `first` or `last` is one page, not the whole table. */
export const PageSizePlugin = (defaultPageSize: number): GraphileConfig.Plugin => ({
  name: "PageSizePlugin",
  version: "1.0.0",
  after: ["PgFirstLastBeforeAfterArgsPlugin"],
  schema: {
    hooks: {
      GraphQLObjectType_fields_field_args(args, _build, { scope }) {
        const { first } = args;
        if (!scope.isPgFieldConnection || first === undefined) return args;
        // The field's plan below sets it, because it depends on `last` as well.
        const { applyPlan: _replaced, ...rest } = first;
        const description = `Only read the first \`n\` values of the set; ${defaultPageSize} unless said otherwise.`;
        return { ...args, first: { ...rest, description } };
      },
      GraphQLObjectType_fields_field(field, build, { scope }) {
        const { plan } = field;
        if (!scope.isPgFieldConnection || plan === undefined) return field;
        const { ConstantStep, constant, lambda } = build.grafast;
        const isAbsent = (step: unknown) => step instanceof ConstantStep && step.data == null;
        return {
          ...field,
          plan($parent, args, info) {
            const $connection = plan($parent, args, info);
            const $first = args.getRaw("first");
            const $last = args.getRaw("last");
            const pageable = $connection as unknown as Pageable;
            // Literals are decided here, once per document; variables at each request.
            if (isAbsent($first) && isAbsent($last)) pageable.setFirst(constant(defaultPageSize));
            else if ($first instanceof ConstantStep && !isAbsent($first)) pageable.setFirst($first);
            else if (!($last instanceof ConstantStep && !isAbsent($last) && isAbsent($first)))
              pageable.setFirst(
                lambda(
                  [$first, $last] as const,
                  ([first, last]: readonly [number | null | undefined, number | null | undefined]) =>
                    first ?? (last == null ? defaultPageSize : null),
                  true,
                ),
              );
            return $connection;
          },
        };
      },
    },
  },
});
