/**
 * Statement tree → text, ending in a semicolon: lower case, one column per line,
 * every constraint named.
 */
import { printExpression, printName, printPrimary, printType } from "./print-expression.ts";
import { printBlock } from "./print-plpgsql.ts";
import { printSelectLines } from "./print-select.ts";
import { quoteBody, quoteIdentifier, quoteLiteral } from "./quote.ts";
import type {
  AlterPolicyNode,
  ColumnDefinition,
  CreateFunctionNode,
  CreatePolicyNode,
  CreateTriggerNode,
  ForeignKeyConstraint,
  GrantNode,
  ObjectReference,
  ParameterType,
  Securable,
  StatementNode,
  TableConstraint,
} from "./statements.ts";

/**
 * Prints one statement.
 *
 * @throws RangeError for what cannot be said in SQL: an identifier over 63 bytes, a NUL, half a surrogate pair
 */
export function printStatement(node: StatementNode): string {
  return `${printBare(node)};`;
}

/** `app.pay_invoice(uuid, text)`: what `comment on`, `grant` and `drop` call an object. */
export function printObject(object: ObjectReference): string {
  switch (object.type) {
    case "schema":
      return `schema ${quoteIdentifier(object.name)}`;
    case "table":
    case "view":
    case "index":
      return `${object.type} ${printName(object.name)}`;
    case "function":
      return `function ${printName(object.name)}(${object.parameters.map(printParameterType).join(", ")})`;
    case "column":
      return `column ${printName(object.table)}.${quoteIdentifier(object.name)}`;
    case "policy":
    case "trigger":
    case "constraint":
      return `${object.type} ${quoteIdentifier(object.name)} on ${printName(object.table)}`;
    default:
      return object satisfies never;
  }
}

function printBare(node: StatementNode): string {
  switch (node.kind) {
    case "create schema":
      return `create schema ${quoteIdentifier(node.schema)} authorization ${quoteIdentifier(node.owner)}`;
    case "create table": {
      const parts = [...node.columns.map(printColumn), ...node.constraints.map(printConstraint)];
      return `create table ${printName(node.table)} (\n${parts.map((part) => `  ${part}`).join(",\n")}\n)`;
    }
    case "add column":
      return `alter table ${printName(node.table)}\n  add column ${printColumn(node.column)}`;
    case "add constraint":
      return `alter table ${printName(node.table)}\n  add ${printConstraint(node.constraint)}`;
    case "drop constraint":
      return `alter table ${printName(node.table)}\n  drop constraint ${quoteIdentifier(node.name)}`;
    case "create index": {
      const where = node.where === undefined ? "" : `\n  where ${printExpression(node.where)}`;
      return `create index ${node.ifNotExists ? "if not exists " : ""}${quoteIdentifier(node.name)} on ${printName(node.table)} (${printNames(node.columns)})${where}`;
    }
    case "enable row security":
      return `alter table ${printName(node.table)}\n  enable row level security,\n  force row level security`;
    case "insert missing": {
      const columns = printNames(node.columns);
      return `insert into ${printName(node.table)} (${columns})\n  select ${columns} from ${printName(node.from)}\n  on conflict do nothing`;
    }
    case "create policy":
    case "alter policy":
      return printPolicy(node);
    case "create function":
      return printFunction(node);
    case "create view": {
      const lines = printSelectLines(node.select).map((line) => `  ${line}`);
      return `create ${node.replace ? "or replace " : ""}view ${printName(node.view)} (${printNames(node.columns)}) with (security_barrier) as\n${lines.join("\n")}`;
    }
    case "create trigger":
      return printTrigger(node);
    case "grant":
      return `grant ${node.privileges.map(printPrivilege).join(", ")}\n  on ${printSecurable(node.on)}\n  to ${printRoles(node.to)}`;
    case "revoke all":
      return `revoke all on ${printSecurable(node.on)} from ${printRoles(node.from)}`;
    case "comment":
      return `comment on ${printObject(node.on)} is ${node.text === null ? "null" : quoteLiteral(node.text)}`;
    case "drop":
      return node.ifExists ? printDropIfExists(node.object) : `drop ${printObject(node.object)}`;
    case "call function":
      return `select ${printExpression(node.call)}`;
    default:
      return node satisfies never;
  }
}

/** To `grant` and `revoke` a view is a table. */
const printSecurable = (object: Securable): string =>
  printObject(object.type === "view" ? { ...object, type: "table" } : object);

/** `drop policy if exists …`: the words stand between the kind and the name. */
function printDropIfExists(object: ObjectReference): string {
  return `drop ${object.type} if exists ${printObject(object).slice(object.type.length + 1)}`;
}

const printNames = (names: readonly string[]): string => names.map(quoteIdentifier).join(", ");

/** `public` is no role but the word for all of them. */
const printRoles = (roles: readonly string[]): string =>
  roles.map((role) => (role === "public" ? role : quoteIdentifier(role))).join(", ");

const printParameterType = (type: ParameterType): string =>
  typeof type === "string" ? printType(type) : printName(type);

function printColumn(column: ColumnDefinition): string {
  const parts = [quoteIdentifier(column.name), printType(column.type)];
  if (column.notNull) parts.push("not null");
  if (column.default !== undefined) parts.push(`default ${printPrimary(column.default)}`);
  if (column.generated !== undefined) parts.push(`generated always as (${printExpression(column.generated)}) stored`);
  return parts.join(" ");
}

function printConstraint(constraint: TableConstraint): string {
  const name = `constraint ${quoteIdentifier(constraint.name)}`;
  switch (constraint.kind) {
    case "primary key":
    case "unique":
      return `${name} ${constraint.kind} (${printNames(constraint.columns)})`;
    case "check":
      return `${name} check (${printExpression(constraint.expression)})`;
    case "foreign key":
      return `${name} foreign key (${printNames(constraint.columns)}) references ${printName(constraint.references.table)} (${printNames(constraint.references.columns)}) on delete ${printOnDelete(constraint.onDelete)}`;
    default:
      return constraint satisfies never;
  }
}

const printOnDelete = (action: ForeignKeyConstraint["onDelete"]): string =>
  typeof action === "string" ? action : `set null (${printNames(action.setNull)})`;

function printPolicy(node: CreatePolicyNode | AlterPolicyNode): string {
  const lines = [`${node.kind} ${quoteIdentifier(node.name)} on ${printName(node.table)}`];
  if (node.kind === "create policy") {
    if (node.restrictive) lines.push("as restrictive");
    if (node.command !== "all") lines.push(`for ${node.command}`);
  }
  lines.push(`to ${printRoles(node.roles)}`);
  if (node.using !== undefined) lines.push(`using (${printExpression(node.using)})`);
  if (node.withCheck !== undefined) lines.push(`with check (${printExpression(node.withCheck)})`);
  return lines.join("\n  ");
}

function printFunction(node: CreateFunctionNode): string {
  const parameters = node.parameters.map(
    (p) =>
      `${quoteIdentifier(p.name)} ${printParameterType(p.type)}${p.default === undefined ? "" : ` default ${printExpression(p.default)}`}`,
  );
  const attributes = [`language ${node.language} ${node.volatility}`];
  if (node.parallelSafe) attributes.push("parallel safe");
  if (node.securityDefiner) attributes.push("security definer");
  return [
    `create or replace function ${printName(node.function)}(${parameters.join(", ")}) returns ${printReturns(node.returns)}`,
    attributes.join(" "),
    ...node.settings.map((s) => `set ${printSettingName(s.name)} = ${quoteLiteral(s.value)}`),
    printBody(node.body),
  ].join("\n");
}

const printReturns = (returns: CreateFunctionNode["returns"]): string =>
  typeof returns === "object" && "columns" in returns
    ? `table (${returns.columns.map(({ name, type }) => `${quoteIdentifier(name)} ${printType(type)}`).join(", ")})`
    : printParameterType(returns);

/** A setting's name is two bare words at most: `enginejs.action`. */
function printSettingName(name: string): string {
  if (!/^[a-z_]+(\.[a-z_]+)?$/.test(name)) throw new RangeError(`"${name}" is not the name of a setting`);
  return name;
}

function printBody(body: CreateFunctionNode["body"]): string {
  switch (body.kind) {
    case "return":
      return `return ${printExpression(body.value)}`;
    case "atomic": {
      const lines = printSelectLines(body.select).map((line) => `  ${line}`);
      return `begin atomic\n${lines.join("\n")};\nend`;
    }
    case "select":
      return `as ${quoteBody(
        printSelectLines(body.select)
          .map((line) => `  ${line}`)
          .join("\n"),
        "function",
      )}`;
    case "block":
      return `as ${quoteBody(printBlock(body.block), "function")}`;
    default:
      return body satisfies never;
  }
}

function printTrigger(node: CreateTriggerNode): string {
  const events = node.events.map(
    ({ event, of }) => event + (of === undefined || of.length === 0 ? "" : ` of ${printNames(of)}`),
  );
  const lines = [
    // A constraint trigger cannot be replaced.
    `create ${node.deferred ? "constraint" : "or replace"} trigger ${quoteIdentifier(node.name)}`,
    `${node.timing} ${events.join(" or ")} on ${printName(node.table)}`,
  ];
  const tables = [
    ...(node.oldTable === undefined ? [] : [`old table as ${quoteIdentifier(node.oldTable)}`]),
    ...(node.newTable === undefined ? [] : [`new table as ${quoteIdentifier(node.newTable)}`]),
  ];
  if (tables.length > 0) lines.push(`referencing ${tables.join(" ")}`);
  if (node.deferred) lines.push("deferrable initially deferred");
  lines.push(`for each ${node.level}`);
  if (node.when !== undefined) lines.push(`when (${printExpression(node.when)})`);
  lines.push(`execute function ${printName(node.function)}(${node.arguments.map(quoteLiteral).join(", ")})`);
  return lines.join("\n  ");
}

function printPrivilege({ privilege, columns }: GrantNode["privileges"][number]): string {
  return columns === undefined ? privilege : `${privilege} (${printNames(columns)})`;
}
