import type { Expression } from "../../../grammar/index.ts";
import { rowValues } from "../../programs/index.ts";
import { UniqueNames } from "../lowering/index.ts";
import type { Facts } from "./facts.ts";
import type { ModelParts } from "./parts.ts";
import { directlyIn, namesIn } from "./walk.ts";

/** How the losses and metrics of a model are cut into what each row gives by itself, and what compares all of them. */
export interface Cut {
  /** What `embed` gives, by name. */
  readonly embedded: ReadonlyMap<string, Expression>;
  /** Where `compare` reads that, by the name that it has there. */
  readonly replaced: ReadonlyMap<Expression, string>;
  /** The inputs, encoders and lets that `compare` reads or computes besides. */
  readonly compared: ReadonlySet<string>;
}

/** The cut that micro-batches have, at the outermost expressions of the model that stand before it. */
export function cutOf(parts: ModelParts, facts: Facts): Cut {
  const rows = rowValues(parts.spec);
  const { nodes } = parts.spec.graph;
  const unique = new UniqueNames(parts.members.flatMap((each) => ("name" in each ? [each.name.text] : [])));
  const names = new Map<number, string>();
  const embedded = new Map<string, Expression>();
  const replaced = new Map<Expression, string>();
  const compared = new Set<string>();
  const visit = (expression: Expression, owner: string): void => {
    // The spec was traced twice in the same way, and the nodes have the same numbers.
    const id = facts.of(expression)?.node?.id;
    const node = id === undefined ? undefined : nodes[id];
    if (id !== undefined && node !== undefined && rows.has(node)) {
      const name = names.get(id) ?? nameFor(expression, owner, unique);
      names.set(id, name);
      if (!embedded.has(name)) embedded.set(name, expression);
      replaced.set(expression, name);
    } else if (expression.kind === "name") visitNamed(expression.text);
    else for (const each of directlyIn(expression)) visit(each, owner);
  };
  const visitNamed = (name: string): void => {
    const member = parts.valueNamed(name);
    if (member === null || compared.has(name)) return;
    compared.add(name);
    if (member.kind === "input") return;
    if (member.kind === "encoder") for (const input of parts.inputsOf(member)) compared.add(input);
    for (const each of parts.expressionsOf(member)) visit(each, name);
  };
  for (const { value } of parts.losses()) visit(value, "loss");
  for (const { name, value } of parts.metrics()) visit(value, name.text);
  return { embedded, replaced, compared };
}

/** The inputs, encoders and lets that expressions need, and those that these need. */
export function neededBy(expressions: Iterable<Expression>, parts: ModelParts): ReadonlySet<string> {
  const needed = new Set<string>();
  const visit = (name: string): void => {
    const member = parts.valueNamed(name);
    if (member === null || needed.has(name)) return;
    needed.add(name);
    if (member.kind === "encoder") parts.inputsOf(member).forEach(visit);
    if (member.kind !== "input") namesIn(parts.expressionsOf(member)).forEach(visit);
  };
  namesIn([...expressions]).forEach(visit);
  // An input that only an encoder declares is no member.
  for (const member of parts.members)
    if (member.kind === "encoder" && needed.has(member.name.text))
      for (const input of parts.inputsOf(member)) needed.add(input);
  return needed;
}

function nameFor(expression: Expression, owner: string, unique: UniqueNames): string {
  if (expression.kind === "name") return expression.text;
  if (expression.kind === "member" && expression.object.kind === "name")
    return unique.take(`${expression.object.text}_${expression.name.text}`);
  return unique.take(`${owner}_rows`);
}
