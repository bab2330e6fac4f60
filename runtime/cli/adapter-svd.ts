import { printable } from "../../grammar/index.ts";
import { adapterSpectra, type ModuleSpectrum, type Spectra } from "../app/adapters/spectra.ts";
import { readCardSources } from "../app/export/card.ts";
import { type Alignment, printDigits, printShare, renderTable } from "../text/index.ts";
import { addCardOptions, cardOptions } from "./card-options.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { share, wholeNumber } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";
import { copyAsNamed, weightsCopyOption } from "./weight-options.ts";
import { printWritten } from "./written-adapter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  addCardOptions(command)
    .argument("<adapter>", "a file, or the folder of a run or of a PEFT adapter")
    .argument("[other]", "another one, to show how much the spaces of both updates overlap")
    .option("--for <spec>", "spec of the adapted model: it has the scales of a run, and a variant of it is written")
    .option("--weights <file>", "the model's weights, to show norms relative to theirs")
    .addOption(weightsCopyOption())
    .option("--rank <number>", "truncate each update to that rank", wholeNumber(1))
    .option(
      "--energy <share>",
      "truncate each update to the rank that holds that share of its energy, such as 0.99",
      share,
    )
    .option("-o, --output <folder>", "folder for the truncated adapter, a PEFT adapter")
    .option("--json", "print JSON, with all singular values")
    .addHelpText("after", help)
    .action(async (adapter, other, flags) => {
      const reporter = terminalReporter(terminal);
      const card = await readCardSources(cardOptions(flags), null, reporter);
      if (card === null) return end(exitCodes.wrong);
      const request = {
        card,
        adapter,
        other: other ?? null,
        forSpec: flags.for ?? null,
        weights: flags.weights ?? null,
        copy: copyAsNamed(flags.weightsCopy),
        rank: flags.rank ?? null,
        energy: flags.energy ?? null,
        folder: flags.output ?? null,
      };
      end(
        finish(adapterSpectra(request, reporter), (spectra) => {
          if (flags.json === true) terminal.json(`${JSON.stringify(spectra, null, 2)}\n`);
          else terminal.out(rendered(spectra));
          return exitCodes.done;
        }),
      );
    });
};

const help = `
rank       singular values of scale B A that are not zero, of the rank of the matrices
effective  the exponential of their entropy (Roy and Vetterli, 2007)
stable     the sum of their squares, the energy, in units of the largest square
90 %       the smallest rank that holds 90 % of the energy
overlap    of the leading singular vectors with 99 % of the energy of both adapters: 1 for the same space, 0 for orthogonal ones

A truncated update is the nearest one of its rank, of the same alpha.
With --for, other adapters that add to a weight, such as LoHa and LoKr, are shown too; they are not truncated.

Examples:
  $ medctc adapter svd run --for specs/medct.vlm --weights CT-CLIP.safetensors
  $ medctc adapter svd run --for specs/medct.vlm --energy 0.99 -o smaller`;

interface Column {
  readonly title: string;
  readonly cell: (module: ModuleSpectrum) => string;
}

const always: readonly Column[] = [
  { title: "rank", cell: ({ rank, storedRank }) => `${rank} of ${storedRank}` },
  { title: "effective", cell: ({ effectiveRank }) => effectiveRank.toFixed(2) },
  { title: "stable", cell: ({ stableRank }) => stableRank.toFixed(2) },
  { title: "90 %", cell: ({ rank90 }) => String(rank90) },
  { title: "99 %", cell: ({ rank99 }) => String(rank99) },
  { title: "norm", cell: ({ norm }) => printDigits(norm, 4) },
];

function rendered({ modules, norm, energy, written }: Spectra): string {
  const columns = [...always];
  if (modules.some(({ relativeNorm }) => relativeNorm !== null)) {
    const cell = ({ relativeNorm }: ModuleSpectrum): string =>
      relativeNorm === null ? "-" : printDigits(relativeNorm, 4);
    columns.push({ title: "of weight's", cell });
  }
  if (modules.some(({ truncated }) => truncated !== null)) {
    columns.push({ title: "to rank", cell: ({ truncated }) => String(truncated?.rank ?? "") });
    columns.push({
      title: "energy",
      cell: (each) => (each.truncated === null ? "" : printShare(each.truncated.energy, 1)),
    });
  }
  if (modules.some(({ overlap }) => overlap !== null)) {
    for (const side of ["outputs", "inputs"] as const)
      columns.push({ title: `overlap, ${side}`, cell: ({ overlap }) => overlap?.[side].toFixed(3) ?? "-" });
  }
  const rows = modules.map((module) => [printable(module.module), ...columns.map(({ cell }) => cell(module))]);
  const alignments: readonly Alignment[] = ["left", ...columns.map((): Alignment => "right")];
  const table = renderTable([["", ...columns.map(({ title }) => title)], ...rows], alignments);
  const kept = energy === null ? "" : `, of which the truncation keeps ${printShare(energy, 1)} of the energy`;
  const whole = `all ${modules.length} updates have norm ${printDigits(norm, 4)}${kept}\n`;
  return `${table}\n${whole}${written === null ? "" : printWritten(written)}`;
}
