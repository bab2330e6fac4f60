import { Argument, Option } from "@commander-js/extra-typings";
import { installable, installBackend } from "../app/install-backend.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .addArgument(new Argument("[backend]", "what to install").choices(installable).default("tensorflow" as const))
    .option(
      "--gpu",
      "install it for GPUs. TensorFlow needs Linux x64, an NVIDIA driver, CUDA 12 and cuDNN 9; PyTorch the driver alone",
    )
    .addOption(new Option("--cpu", "install it for CPUs alone").conflicts("gpu"))
    .option("--python <path>", "the Python of which PyTorch's environment is made; default: python3")
    .addHelpText(
      "after",
      "\nTensorFlow needs a C++ compiler, and is for CPUs unless --gpu is given; if both kinds are installed, commands use the one for" +
        "\nGPUs. An interrupted install resumes where it stopped." +
        "\n\nPyTorch is installed by pip, with your settings of it, into an environment of its own. Where there is an NVIDIA driver it is" +
        "\nthe build with CUDA (6 GB); elsewhere the one for CPUs, if the package index that pip uses has it, or else the same." +
        "\n\nExamples:\n  $ medctc backend install\n  $ medctc backend install pytorch",
    )
    .action((backend, { gpu, cpu, python = null }) => {
      const request = { backend, gpu: gpu === true ? true : cpu === true ? false : null, python };
      end(finish(installBackend(request, terminalReporter(terminal)), () => exitCodes.done));
    });
};
