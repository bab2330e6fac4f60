import { printable } from "../../grammar/index.ts";
import { checkWeights, type WeightsComparison } from "../app/weights/check.ts";
import { printElement } from "../app/weights/optional-tensors.ts";
import { unreadObjects } from "../app/weights/unread-objects.ts";
import { printCount, renderTable } from "../text/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { setOption } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";
import { addWeightChoices, weightChoices } from "./weight-options.ts";

export const define: DefineCommand = (command, terminal, end) => {
  addWeightChoices(command)
    .argument("<spec>", "a spec file")
    .argument("<file>", "a file of weights, an index of sharded files, or a folder with either")
    .addOption(setOption())
    .option("--allow-missing <pattern...>", "names of weights that may be missing, such as 'to_*'")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nPrefixes such as `module.` or `model.` are detected, and so are files of a single encoder." +
        "\n\nExample:\n  $ medctc weights check specs/medct.vlm bert.safetensors --allow-missing 'visual_transformer.*'",
    )
    .action((spec, file, flags) => {
      const { set, allowMissing = [], json = false } = flags;
      const choices = weightChoices(flags);
      end(
        finish(checkWeights({ spec, set, file, allowMissing, choices }, terminalReporter(terminal)), (comparison) => {
          if (json) terminal.json(`${JSON.stringify(comparison, null, 2)}\n`);
          else terminal.out(render(comparison));
          const { missing, misshapen, differing } = comparison;
          return missing.length + misshapen.length + differing.length === 0 ? exitCodes.done : exitCodes.wrong;
        }),
      );
    });
};

/** Rows of one kind that are shown: a checkpoint of a training has hundreds that no model expects. */
const mostShown = 20;

function render(comparison: WeightsComparison): string {
  const { format, found, rules, missing, notNeeded, misshapen, differing, unexpected, unread } = comparison;
  const shapeOf = (shape: readonly number[]): string => `[${shape.join(", ")}]`;
  const rows = [
    ...shown("missing", missing, ({ name, shape }) => [name, shapeOf(shape), ""]),
    ...shown("misshapen", misshapen, (each) => [each.name, shapeOf(each.shape), shapeOf(each.found)]),
    ...shown("differs", differing, (each) => [
      each.name,
      `${printElement(each.expected)} at ${shapeOf(each.index)}`,
      printElement(each.found),
    ]),
    ...shown("not needed", notNeeded, ({ name, shape }) => [name, shapeOf(shape), ""]),
    ...shown("unexpected", unexpected, ({ name, shape }) => [name, "", shapeOf(shape)]),
  ];
  const table = renderTable([["", "name", "in the model", "in the file"], ...rows], ["left", "left", "left", "left"]);
  const renamed = rules.map(
    ({ removed, added }) => `${printable(`names: \`${removed}\` in the file is \`${added}\` in the model`)}\n`,
  );
  const counts = [
    `${printCount(found)} found`,
    `${printCount(missing.length)} missing`,
    `${printCount(misshapen.length)} misshapen`,
    ...(differing.length === 0 ? [] : [`${printCount(differing.length)} different`]),
    `${printCount(unexpected.length)} unexpected`,
  ];
  const left = unread.length === 0 ? "" : `${printable(unreadObjects(unread))}\n`;
  return `${rows.length === 0 ? "" : `${table}\n`}${renamed.join("")}${left}${format}: ${counts.join(", ")}\n`;
}

function shown<Item>(kind: string, items: readonly Item[], cells: (item: Item) => readonly string[]) {
  const rows = items.slice(0, mostShown).map((item) => [kind, ...cells(item).map((cell) => printable(cell))]);
  const more = items.length - mostShown;
  return more > 0 ? [...rows, [kind, `and ${printCount(more)} more; --json lists all`]] : rows;
}
