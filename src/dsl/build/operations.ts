/** Stage 8: what can be asked of each entity, with the shapes of input and output. */
import type { Action, Entity, Field } from "../../model/index.ts";

type Operation = Entity["operations"][number];
type Shape = Operation["input"];

/** list, get, create, update, delete, and each action. */
export function operationsOf(entity: Entity): Operation[] {
  const output = outputShape(entity.fields.filter(({ type }) => type.kind !== "many"));
  const id: Shape = [{ name: "id", required: true }];
  const operation = (kind: Operation["kind"], input: Shape): Operation => ({
    id: `${entity.name}.${kind}`,
    kind,
    input,
    output,
  });
  return [
    operation("list", []),
    operation("get", id),
    operation("create", inputShape(entity.fields.filter(({ writable }) => writable.create))),
    operation("update", [
      ...id,
      ...entity.fields.filter(({ writable }) => writable.update).map(({ name }) => ({ name, required: false })),
    ]),
    operation("delete", id),
    ...entity.actions.map((action) => actionOperation(entity, action, output)),
  ];
}

const actionOperation = (entity: Entity, { name, input }: Action, output: Shape): Operation => ({
  id: `${entity.name}.${name}`,
  kind: "action",
  action: name,
  input: [{ name: "id", required: true }, ...inputShape(input)],
  output,
});

/** A field with a default may be left out. */
const inputShape = (fields: readonly Field[]): Shape =>
  fields.map(({ name, required, default: value }) => ({ name, required: required && value === undefined }));

/** A required field is always there; but one with a read rule is null for whom it is hidden from. */
const outputShape = (fields: readonly Field[]): Shape =>
  fields.map(({ name, required, access }) => ({ name, required: required && access?.read === undefined }));
