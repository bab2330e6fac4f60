import { Builder, type Node, type Program } from "../ir/index.ts";
import { nameOf } from "../programs/index.ts";
import type { ParameterRule } from "../select/index.ts";
import type { TrainSettings } from "../settings/index.ts";
import { frozenStepsOf, isThawed, stepNumber } from "./frozen-steps.ts";
import { gradientOutputs, originOf } from "./gradients.ts";

/**
 * Adds the norm of all gradients together as the output `gradient_norm`, and brings the gradients down to a norm of at
 * most `clipNorm`, as torch.nn.utils.clip_grad_norm_ does. Gradients of parameters that are frozen in a step are 0 in it.
 */
export function clipGradients(
  program: Program,
  { clipNorm, schedule }: Pick<TrainSettings, "clipNorm" | "schedule">,
  rules: ReadonlyMap<string, ParameterRule>,
): Program {
  const build = new Builder(program.graph, originOf(program));
  const thawed = (path: string, gradient: Node): Node => {
    const frozen = frozenStepsOf(rules.get(path), schedule);
    if (frozen === 0) return gradient;
    return build.add({ op: "where" }, isThawed(frozen, stepNumber(program, build), build), gradient, build.constant(0));
  };
  const gradients = new Map([...gradientOutputs(program)].map(([path, gradient]) => [path, thawed(path, gradient)]));
  let total = build.constant(0);
  for (const gradient of gradients.values()) {
    const axes = gradient.type.shape.map((_, axis) => axis);
    total = build.add({ op: "add" }, total, build.sum(build.mul(gradient, gradient), axes, false));
  }
  const norm = build.add({ op: "sqrt" }, total);
  const outputs = new Map(program.outputs).set("gradient_norm", norm);
  const ratio =
    clipNorm === null
      ? null
      : build.add({ op: "div" }, build.constant(clipNorm), build.add({ op: "add" }, norm, build.constant(1e-6)));
  const scale = ratio === null ? null : build.add({ op: "minimum" }, ratio, build.constant(1));
  for (const [parameter, gradient] of gradients) {
    outputs.set(nameOf({ kind: "gradient", parameter }), scale === null ? gradient : build.mul(gradient, scale));
  }
  return { ...program, outputs };
}
