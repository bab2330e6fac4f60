import {
  type AdapterChange,
  type Change,
  type Comparison,
  type NamedChange,
  printBytes,
  printFlops,
  type TensorChange,
} from "../../compiler/index.ts";
import { printCount, renderTable } from "../text/index.ts";

/** How the parts of a plan's cost are called and written. */
const costRows: ReadonlyMap<string, readonly [name: string, write: (value: number) => string]> = new Map([
  ["forwardFlops", ["forward", printFlops]],
  ["stepFlops", ["training step", printFlops]],
  ["activationBytes", ["activations", printBytes]],
  ["optimizerBytes", ["optimizer", printBytes]],
  ["modelBytes", ["model checkpoint", printBytes]],
  ["adapterBytes", ["adapter checkpoint", printBytes]],
]);

/** Rows that are shown of one kind of change. */
const rowLimit = 24;

/** A comparison as text, with nothing of what did not change. */
export function renderComparison(comparison: Comparison): string {
  if (comparison.isEqual) return "both specs mean the same\n";
  const { model, adapters, frozen, tensors, computation, settings, expectations, counts, costs } = comparison;
  const sections: readonly (readonly [title: string, text: string])[] = [
    ["model", model === null ? "" : table([[arrow(model, String)]])],
    ["adapters", adapterLines(adapters)],
    [
      "trained and frozen",
      table(
        frozen.map(({ parameters, elements, isTrained }) => [
          arrow(isTrained, (trained) => (trained ? "trained" : "frozen")),
          parameters,
          counted(elements, "parameter"),
        ]),
      ),
    ],
    ["parameters and buffers", table(tensors.map((each) => [kindOf(each), each.tensors, tensorText(each)]))],
    ["computation", table(computation.map(({ change, what }) => [change, what]))],
    ["parameters", table(counts.map((change) => [change.name, arrow(change, printCount), difference(change)]))],
    ["estimated cost", table(costs.map(costRow))],
    ["settings", table(settings.map((change) => [change.name, arrow(change, String)]))],
    [
      "expectations",
      table(expectations.map((each) => [kindOf(each), each.name, arrow(each, (holds) => (holds ? "holds" : "fails"))])),
    ],
  ];
  return sections.flatMap(([title, text]) => (text === "" ? [] : [`${title}\n${text}`])).join("\n");
}

/** Rows under a title; of models that have little in common, the first. */
function table(rows: readonly (readonly string[])[]): string {
  const [first] = rows;
  if (first === undefined) return "";
  const shown = rows.length > rowLimit ? rows.slice(0, rowLimit - 1) : rows;
  const indented = shown.map(([head = "", ...others]) => [`  ${head}`, ...others]);
  const rest = rows.length - shown.length;
  const lines = renderTable(
    indented,
    first.map(() => "left"),
  );
  return rest === 0 ? lines : `${lines}  ... and ${rest} more; --json lists all\n`;
}

/** Adapters that changed alike are told once, with all that they are on. */
function adapterLines(changes: readonly AdapterChange[]): string {
  const alike = new Map<string, AdapterChange[]>();
  for (const each of changes) {
    const key = JSON.stringify([each.change, each.adapter, each.arguments]);
    const group = alike.get(key) ?? [];
    alike.set(key, group);
    group.push(each);
  }
  return [...alike.values()]
    .flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const places = group.map(({ count, modules }) => `    ${modules}: ${counted(count, "module")}`);
      return [`  ${first.change} ${adapterText(first)}`, ...places];
    })
    .map((line) => `${line}\n`)
    .join("");
}

/** `lora(rank = 24, alpha = 48)`, or `lora: rank 24 -> 16` for one that is there in both. */
function adapterText({ change, adapter, arguments: changed }: AdapterChange): string {
  if (change === "changed") {
    return `${adapter}: ${changed.map((each) => `${each.name} ${arrow(each, String)}`).join(", ")}`;
  }
  const values = changed.map(({ name, before, after }) => `${name} = ${after ?? before ?? ""}`);
  return `${adapter}(${values.join(", ")})`;
}

function kindOf({ before, after }: Change<unknown>): string {
  return before === null ? "added" : after === null ? "removed" : "changed";
}

function tensorText(change: TensorChange): string {
  const text = arrow(change, String);
  const many = change.count > 1 ? `, ${counted(change.count, "tensor")}` : "";
  return change.what === "tensor" || change.what === "shape" ? `${text}${many}` : `${change.what}: ${text}${many}`;
}

/** `24 -> 16`, or what there is where only one of them is. */
function arrow<Value>({ before, after }: Change<Value>, write: (value: Value) => string): string {
  if (before === null) return after === null ? "" : write(after);
  return after === null ? write(before) : `${write(before)} -> ${write(after)}`;
}

function difference({ before, after }: Change<number>): string {
  if (before === null) return "added";
  if (after === null) return "removed";
  return `${after > before ? "+" : "-"}${printCount(Math.abs(after - before))}`;
}

function costRow(change: NamedChange<number>): readonly string[] {
  const [name, write] = costRows.get(change.name) ?? [change.name, printCount];
  const { before, after } = change;
  const share = before === null || after === null || before === 0 ? "" : `x ${(after / before).toPrecision(3)}`;
  return [name, arrow(change, write), share];
}

function counted(count: number, what: string): string {
  return `${printCount(count)} ${what}${count === 1 ? "" : "s"}`;
}
