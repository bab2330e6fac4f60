import { allNodesOf, type Node, rewrite } from "../../ir/index.ts";
import { traitsOf, uniformValue } from "../../ops/index.ts";
import { simplified } from "../../passes/index.ts";
import type { Plan } from "../../plan/index.ts";
import { buildForward, type TracedSpec } from "../../programs/index.ts";
import { foldModel } from "./fold.ts";

/**
 * The adapters with which a model computes something else from their first values on, such as prompts: by their paths, those among them that
 * no weight has room for. First values that are computed follow from weights so that nothing changes; of the others zeros and ones are put
 * in their places, and what is left of the adapters in the forward pass is a change.
 */
export function changingAtStart(spec: TracedSpec, plan: Plan): readonly string[] {
  const left = plan.placements.length === 0 ? [] : foldModel(spec, plan).left;
  if (left.length === 0) return [];
  const adapterOf = (path: string): string | undefined => left.find((adapter) => path.startsWith(`${adapter}.`));
  const initial = new Map(spec.parameters.map((each) => [each.path, each.initial]));
  // Numbers that adapters start with, and what is computed of such without being one.
  const numbers = new Map<Node, string>();
  const changed = new Map<Node, string>();
  const program = rewrite(buildForward(spec, []), (node, inputs, build) => {
    const { operation, type } = node;
    if (operation.op === "parameter") {
      const [adapter, first] = [adapterOf(operation.path), initial.get(operation.path)];
      if (adapter === undefined || first === undefined || first.kind === "computed") return null;
      if (first.kind === "constant") {
        const number = build.add({ op: "constant", value: first.value, type });
        numbers.set(number, adapter);
        return number;
      }
      const drawn = build.copy(node, inputs);
      changed.set(drawn, adapter);
      return drawn;
    }
    const isZero = traitsOf(operation).isMultilinear && inputs.some((input) => uniformValue(input) === 0);
    const made = isZero
      ? build.add({ op: "constant", value: 0, type })
      : (simplified(node, inputs, build) ?? build.copy(node, inputs));
    const [adapter] = inputs.flatMap((input) => numbers.get(input) ?? []);
    if (adapter === undefined || inputs.includes(made)) return made;
    (uniformValue(made) === null ? changed : numbers).set(made, adapter);
    return made;
  });
  return [...new Set(allNodesOf(program).flatMap((node) => changed.get(node) ?? []))];
}
