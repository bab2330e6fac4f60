import type { Builder, Node } from "../ir/index.ts";
import { type Schedule, stepsOf } from "../settings/index.ts";

/** The learning rate of a step, whose number is counted from 0 as f32. */
export function buildLearningRate(base: number, schedule: Schedule, step: Node, build: Builder): Node {
  const { kind, steps } = schedule;
  const warmup = stepsOf(schedule.warmup, schedule.warmupEpochs, schedule);
  const one = build.constant(1);
  const clamp = (x: Node): Node =>
    build.add({ op: "minimum" }, build.add({ op: "maximum" }, x, build.constant(0)), one);
  const risen =
    warmup === 0 ? one : clamp(build.add({ op: "div" }, build.add({ op: "add" }, step, one), build.constant(warmup)));
  if (kind === "constant" || steps === null || steps <= warmup) return build.mul(risen, base);
  const done = clamp(
    build.add({ op: "div" }, build.add({ op: "sub" }, step, build.constant(warmup)), build.constant(steps - warmup)),
  );
  const left =
    kind === "linear"
      ? build.add({ op: "sub" }, one, done)
      : build.mul(build.add({ op: "add" }, one, build.add({ op: "cos" }, build.mul(done, Math.PI))), 0.5);
  return build.mul(build.mul(risen, left), base);
}
