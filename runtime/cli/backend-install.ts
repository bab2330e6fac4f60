import { installBackend } from "../app/install-backend.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .option("--gpu", "install TensorFlow for GPUs: needs Linux x64, an NVIDIA driver, CUDA 12 and cuDNN 9")
    .addHelpText(
      "after",
      "\nAn interrupted install resumes where it stopped. If both kinds are installed, commands use the one for GPUs." +
        "\n\nExample:\n  $ medctc backend install",
    )
    .action(({ gpu = false }) => {
      end(finish(installBackend({ gpu }, terminalReporter(terminal)), () => exitCodes.done));
    });
};
