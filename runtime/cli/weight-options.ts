import { type Command, InvalidArgumentError, Option, type OptionValues } from "@commander-js/extra-typings";
import type { ExportedDtype } from "../app/export/checkpoint-types.ts";
import { adapterNamed } from "../app/weights/adapter-file.ts";
import type { WeightChoices } from "../app/weights/open.ts";

/** Options that say of a file what it does not say itself, for commands that take weights. */
export function addWeightChoices<Arguments extends unknown[], Flags extends OptionValues>(
  command: Command<Arguments, Flags>,
) {
  return command
    .addOption(weightsCopyOption())
    .addOption(
      new Option(
        "--adapter-alpha <number>",
        "alpha of the LoRA updates in a file without an adapter_config.json",
      ).argParser(alpha),
    )
    .addOption(
      new Option(
        "--adapter-name <name>",
        "which of several adapters to take, from a PeftModel's state dict or a folder",
      ),
    );
}

/** The type of a checkpoint's elements. */
export function dtypeOption() {
  return new Option(
    "--dtype <type>",
    "type of the floating-point tensors in the safetensors file; default: that of each tensor in --weights",
  ).choices(exportedDtypes);
}

const exportedDtypes: readonly ExportedDtype[] = ["f32", "f16", "bf16"];

export function weightsCopyOption() {
  return new Option(
    "--weights-copy <name>",
    "which copy of the weights to take from a file that has several, such as ema; '' for names without a prefix",
  );
}

/** A copy by what stands before its names, without the dot after it; null where none is named. */
export function copyAsNamed(name: string | undefined): string | null {
  return name?.replace(/\.$/, "") ?? null;
}

/** The same as a use case takes it. */
export function weightChoices(flags: {
  readonly weightsCopy?: string | undefined;
  readonly adapterAlpha?: number | undefined;
  readonly adapterName?: string | undefined;
}): WeightChoices {
  const { weightsCopy, adapterAlpha: alphaOf = null, adapterName = null } = flags;
  return { copy: copyAsNamed(weightsCopy), alpha: alphaOf, adapterName };
}

/** The adapter that is meant: PEFT writes one of several into a folder of its name. */
export function adapterAt<Path extends string | null>(
  path: Path,
  { adapterName }: { readonly adapterName?: string | undefined },
): string | (Path & null) {
  return path === null ? path : adapterNamed(path, adapterName);
}

function alpha(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Must be a number.");
}
