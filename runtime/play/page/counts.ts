import { printCount, printRounded, printShare } from "../../text/index.ts";
import { element, part } from "./elements.ts";
import type { Counts, Expectation } from "./protocol.ts";

/** A number in the strip above the panels. */
interface Tile {
  readonly name: string;
  readonly value: string;
  readonly detail: string;
  readonly isWrong?: boolean;
}

/** The expected peak of a training step, or what is known of it. */
export type ShownMemory =
  | { readonly kind: "pending" }
  | { readonly kind: "none" }
  | { readonly kind: "known"; readonly peak: string; readonly recompute: string };

/** Shows the numbers that a reader follows while typing. */
export function showCounts(counts: Counts, memory: ShownMemory): void {
  const { trainable, total, base, batch, step } = counts;
  const tiles: readonly Tile[] = [
    { name: "trainable", value: printCount(trainable), detail: `${printShare(trainable, total)} of all` },
    { name: "base", value: printCount(base), detail: "without adapters" },
    { name: "training step", value: step, detail: `a batch of ${batch}` },
    memoryTile(memory),
    expectationTile(counts.expectations),
  ];
  part("counts").replaceChildren(
    ...tiles.map(({ name, value, detail, isWrong = false }) =>
      element(
        "div",
        { class: isWrong ? "tile wrong" : "tile" },
        element("dt", {}, name),
        element("dd", {}, value),
        ...(detail === "" ? [] : [element("dd", {}, detail)]),
      ),
    ),
  );
}

function memoryTile(memory: ShownMemory): Tile {
  const name = "expected peak";
  switch (memory.kind) {
    case "pending":
      return { name, value: "…", detail: "being computed" };
    case "none":
      return { name, value: "–", detail: "nothing is trained" };
    case "known":
      return { name, value: memory.peak, detail: `recompute: ${memory.recompute}` };
  }
}

function expectationTile(expectations: readonly Expectation[]): Tile {
  const failing = expectations.filter(({ holds }) => !holds);
  const [first] = failing;
  if (expectations.length === 0) return { name: "expectations", value: "–", detail: "none written" };
  if (first === undefined) return { name: "expectations", value: `${expectations.length} hold`, detail: "" };
  const value = `${failing.length} of ${expectations.length} fail`;
  return { name: "expectations", value, detail: `${first.text}: ${first.found}`, isWrong: true };
}

/** The same in a sentence, for who hears it. */
export function sayCounts({ trainable, total, expectations }: Counts): string {
  const failing = expectations.filter(({ holds }) => !holds).length;
  const fail = failing === 0 ? "" : `, ${failing} ${failing === 1 ? "expectation fails" : "expectations fail"}`;
  return `trainable ${printRounded(trainable)}, ${printShare(trainable, total)}${fail}`;
}
