import { printBytes } from "../../compiler/index.ts";
import { printable } from "../../grammar/index.ts";
import { type InspectedWeights, inspectWeights } from "../app/weights/inspect.ts";
import { unreadObjects } from "../app/weights/unread-objects.ts";
import { printCount, renderTable } from "../text/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<file>", "a file of weights, an index of sharded files, or a folder with either")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  $ medctc weights inspect CT-CLIP_v2.pt")
    .action((file, { json = false }) => {
      end(
        finish(inspectWeights(file, terminalReporter(terminal)), (inspected) => {
          if (json) terminal.json(`${JSON.stringify(asJson(inspected), null, 2)}\n`);
          else terminal.out(render(inspected));
          return exitCodes.done;
        }),
      );
    });
};

function asJson({ format, tensors, totals, aliases, metadata, unread }: InspectedWeights) {
  const sharing = [...aliases].map(([name, kept]) => ({ name, kept }));
  const about = [...metadata].map(([key, text]) => ({ key, text }));
  return { format, tensors, totals, ...(sharing.length > 0 ? { aliases: sharing } : {}), metadata: about, unread };
}

function render({ format, tensors, totals, aliases, metadata, unread }: InspectedWeights): string {
  const rows = tensors.map(({ name, dtype, shape, bytes }) => [
    ...[printable(name), dtype, `[${shape.join(", ")}]`, printBytes(bytes)],
  ]);
  const table = renderTable([["name", "dtype", "shape", "size"], ...rows], ["left", "left", "left", "right"]);
  const counts = `${printCount(totals.tensors)} tensors, ${printCount(totals.elements)} elements`;
  const about = [...metadata].map(([key, text]) => `  ${printable(`${key}: ${text}`)}\n`);
  const sharing = [...aliases].map(([name, kept]) => `  ${printable(name)} is another name of ${printable(kept)}\n`);
  const left = unread.length === 0 ? "" : `${printable(unreadObjects(unread))}\n`;
  return `${table}\n${format}: ${counts}, ${printBytes(totals.bytes)}\n${sharing.join("")}${about.join("")}${left}`;
}
