import {
  adaptedBy,
  type ExpectedMemory,
  type Plan,
  printBytes,
  printFlops,
  printNumberOf,
  printRecompute,
} from "../../compiler/index.ts";
import { printCount, printFound, printShare, renderTable } from "../text/index.ts";

/**
 * A plan in one screen: components, what each placement selected, expectations, and what a step costs. Its expected peak
 * stands for the upper bound of its activations where it is known.
 */
export function renderSummary(plan: Plan, memory: ExpectedMemory | null = null): string {
  const parts = [components(plan), placements(plan), expectations(plan), cost(plan, memory)];
  return parts.filter((part) => part !== "").join("\n");
}

function components({ model, components: rows, totals }: Plan): string {
  const cells = [
    [model, "parameters", "trainable", "share"],
    ...rows.map(({ name, parameters, trainable }) => [
      `  ${name}`,
      printCount(parameters),
      printCount(trainable),
      printShare(trainable, parameters),
    ]),
    ["  total", printCount(totals.total), printCount(totals.trainable), printShare(totals.trainable, totals.total)],
  ];
  return renderTable(cells, ["left", "right", "right", "right"]);
}

function placements(plan: Plan): string {
  if (plan.placements.length === 0) return "";
  const lines = ["placements"];
  for (const placed of plan.placements) {
    const { text, selections, adapters, parameters } = placed;
    const adapted = adaptedBy(placed, plan);
    lines.push(`  ${text}`);
    for (const { selector, count } of selections) lines.push(`    ${selector}: ${printNumberOf(count, adapted)}`);
    lines.push(`    ${printNumberOf(adapters.length, "adapter")}, ${printCount(parameters)} parameters`);
  }
  return `${lines.join("\n")}\n`;
}

function expectations({ expectations: judged }: Plan): string {
  if (judged.length === 0) return "";
  const rows = judged.map(({ text, holds, found }) => [
    `  ${holds ? "holds" : "FAILS"}`,
    text,
    printFound(text, found),
  ]);
  return `expectations\n${renderTable(rows, ["left", "left", "left"])}`;
}

function cost({ batch, cost: estimated }: Plan, memory: ExpectedMemory | null): string {
  const rows = [
    ["  forward", printFlops(estimated.forwardFlops)],
    ["  training step", printFlops(estimated.stepFlops)],
    memory === null ? ["  activations", printBytes(estimated.activationBytes)] : peak(memory),
    ["  optimizer", printBytes(estimated.optimizerBytes)],
    ["  model checkpoint", printBytes(estimated.modelBytes)],
    ["  adapter checkpoint", printBytes(estimated.adapterBytes), timesSmaller(estimated)],
  ];
  return `estimated cost of a batch of ${batch}\n${renderTable(rows, ["left", "right", "left"])}`;
}

function timesSmaller({ modelBytes, adapterBytes }: Plan["cost"]): string {
  return adapterBytes === 0 ? "" : `${(modelBytes / adapterBytes).toPrecision(3)} times smaller than the model's`;
}

function peak({ peakBytes, recompute }: ExpectedMemory): readonly string[] {
  return ["  expected peak", printBytes(peakBytes), `recompute: ${printRecompute(recompute)}`];
}
