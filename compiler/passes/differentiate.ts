import { type Node, nodesOf, type Program } from "../ir/index.ts";
import { nameOf, valueNamed } from "../programs/index.ts";
import { lossOf } from "./gradients.ts";
import { gradientsOf } from "./reverse-mode.ts";

/** Adds the gradient of the output `loss` for each trainable parameter, and each embedding, on which it depends. */
export function differentiate(program: Program, trainable: ReadonlySet<string>): Program {
  const wanted = new Map<string, Node>();
  for (const node of nodesOf(program)) {
    const { operation } = node;
    if (operation.op === "parameter" && trainable.has(operation.path)) {
      wanted.set(nameOf({ kind: "gradient", parameter: operation.path }), node);
    }
    const fed = operation.op === "input" ? valueNamed(operation.name) : null;
    if (fed?.kind === "embedding") wanted.set(nameOf({ ...fed, kind: "embedding-gradient" }), node);
  }
  const gradients = gradientsOf(program.graph, lossOf(program), new Set(wanted.values()));
  const outputs = new Map(program.outputs);
  for (const [name, node] of wanted) {
    const gradient = gradients.get(node);
    if (gradient !== undefined) outputs.set(name, gradient);
  }
  return { ...program, outputs };
}
