import { Builder, type Program } from "../ir/index.ts";
import { nameOf } from "../programs/index.ts";
import { gradientOutputs, originOf } from "./gradients.ts";

/**
 * Adds the norm of all gradients together as the output `gradient_norm`, and brings the gradients down to a norm of at
 * most `limit`, as torch.nn.utils.clip_grad_norm_ does.
 */
export function clipGradients(program: Program, limit: number | null): Program {
  const gradients = gradientOutputs(program);
  const build = new Builder(program.graph, originOf(program));
  let total = build.constant(0);
  for (const gradient of gradients.values()) {
    const axes = gradient.type.shape.map((_, axis) => axis);
    total = build.add({ op: "add" }, total, build.sum(build.mul(gradient, gradient), axes, false));
  }
  const norm = build.add({ op: "sqrt" }, total);
  const outputs = new Map(program.outputs).set("gradient_norm", norm);
  if (limit === null) return { ...program, outputs };
  const ratio = build.add({ op: "div" }, build.constant(limit), build.add({ op: "add" }, norm, build.constant(1e-6)));
  const scale = build.add({ op: "minimum" }, ratio, build.constant(1));
  for (const [parameter, gradient] of gradients) {
    outputs.set(nameOf({ kind: "gradient", parameter }), build.mul(gradient, scale));
  }
  return { ...program, outputs };
}
