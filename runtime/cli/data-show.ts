import { type DataShow, showVolume } from "../app/data/show.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { setOption } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<volume>", "a NIfTI file or a folder of DICOM slices; with --data also its name there")
    .requiredOption("-o, --output <file>", "PNG file for the picture")
    .option("--spec <file>", "preprocess by this spec's `data` block, instead of as CT-CLIP does")
    .addOption(setOption())
    .option("--data <folder>", "data set with the volume's metadata; default: spacing and scaling of its own files")
    .addHelpText("after", "\nExample:\n  $ medctc data show scans/patient1 --spec specs/medct.vlm -o patient1.png")
    .action(async (volume, { spec, set, data, output }) => {
      const request = { volume, spec: spec ?? null, set, data: data ?? null, output };
      const ended = await showVolume(request, terminalReporter(terminal));
      end(
        finish(ended, (shown) => {
          terminal.out(`${output}: ${describe(shown)}\n`);
          return exitCodes.done;
        }),
      );
    });
};

function describe({ size, width, height, lowest, highest }: DataShow): string {
  const values = `values from ${lowest.toPrecision(4)} to ${highest.toPrecision(4)}`;
  return `${width} x ${height} pixels, the middle slices of ${size.join(" x ")} voxels, ${values}`;
}
