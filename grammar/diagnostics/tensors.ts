import { error } from "./row.ts";

/** E7xx: programs, and the tensors that they are run on. */
export const tensors = {
  "no-such-program": error<{ readonly name: string; readonly why: string }>(
    "E701",
    ({ name, why }) => `there is no program \`${name}\`: ${why}`,
  ),
  "bad-tensor-file": error<{ readonly path: string; readonly problem: string }>(
    "E702",
    ({ path, problem }) => `\`${path}\` cannot be read: ${problem}`,
    () => "supported formats are safetensors and checkpoints of torch.save",
  ),
  "missing-tensors": error<{ readonly names: readonly string[]; readonly what: string }>(
    "E703",
    ({ names, what }) => `${what} ${names.length === 1 ? "is" : "are"} missing: ${listed(names)}`,
  ),
  "misshapen-tensor": error<{ readonly name: string; readonly found: string; readonly expected: string }>(
    "E704",
    ({ name, found, expected }) => `\`${name}\` is ${found}, but must be ${expected}`,
  ),
  "unknown-value": error<{ readonly name: string }>("E705", ({ name }) => `no module has a value \`${name}\``),
  "bad-adapter-config": error<{ readonly path: string; readonly problem: string }>(
    "E706",
    ({ path, problem }) => `\`${path}\` cannot be used: ${problem}`,
  ),
  "adapter-differs": error<{ readonly module: string; readonly found: string; readonly expected: string }>(
    "E707",
    ({ module, found, expected }) => `the adapter on \`${module}\` ${found}, but in the spec ${expected}`,
    () => "print the adapter's placements with `medctc adapter spec FOLDER --for SPEC`",
  ),
  "contract-differs": error<{
    readonly input: string;
    readonly field: string;
    readonly recorded: string;
    readonly now: string;
  }>(
    "E708",
    ({ input, field, recorded, now }) =>
      `\`${input}\`: the adapter was trained with \`${field} = ${recorded}\`, but the spec has \`${field} = ${now}\``,
    () => "use the settings that it was trained with, in the `data` block and in the model's inputs",
  ),
  "several-copies": error<{ readonly path: string; readonly names: readonly string[] }>(
    "E712",
    ({ path, names }) => `\`${path}\` has the weights ${names.length} times: ${named(names)}`,
    ({ names }) => `name the one to take, such as --weights-copy ${names.find((name) => name !== "") ?? "NAME"}`,
  ),
  "no-such-copy": error<{ readonly path: string; readonly name: string }>(
    "E713",
    ({ path, name }) => `\`${path}\` has no weights ${name === "" ? "without a prefix" : `behind \`${name}.\``}`,
  ),
  "unknown-alpha": error<{ readonly path: string; readonly adapters: number }>(
    "E714",
    ({ path, adapters }) =>
      `nothing says the alpha of the ${adapters === 1 ? "LoRA update" : `${adapters} LoRA updates`} in \`${path}\``,
    () => "put its adapter_config.json beside it, or say their alpha with --adapter-alpha",
  ),
  "differing-buffer": error<{
    readonly path: string;
    readonly name: string;
    readonly index: readonly number[];
    readonly found: string;
    readonly expected: string;
    readonly count: string;
  }>(
    "E750",
    ({ path, name, index, found, expected, count }) =>
      `\`${name}\` in \`${path}\` is not what the model computes: ${index.length === 0 ? "it" : `at [${index.join(", ")}] it`} is ${found}, but must be ${expected} (${count} differ)`,
    () =>
      "the checkpoint is of a model with other settings: give the module those, or remove the tensor if it is damaged",
  ),
  "adapter-conflict": error<{
    readonly config: string;
    readonly file: string;
    readonly says: string;
    readonly has: string;
  }>(
    "E720",
    ({ config, file, says, has }) => `\`${config}\` ${says}, but \`${file}\` beside it ${has}`,
    () => "are both files of the same adapter?",
  ),
  "several-adapters": error<{ readonly path: string; readonly names: string }>(
    "E721",
    ({ path, names }) => `\`${path}\` has several adapters: ${names}`,
  ),
  "adapters-trained-differently": error<{
    readonly input: string;
    readonly field: string;
    readonly first: string;
    readonly ofFirst: string;
    readonly other: string;
    readonly ofOther: string;
  }>(
    "E732",
    ({ input, field, first, ofFirst, other, ofOther }) =>
      `\`${input}\`: \`${first}\` was trained with \`${field} = ${ofFirst}\`, but \`${other}\` with \`${field} = ${ofOther}\``,
    () => "combine adapters that were trained on the same kind of inputs",
  ),
  /** Without a name it is of the whole file. */
  "not-only-updates": error<{ readonly path: string; readonly name: string | null; readonly why: string }>(
    "E733",
    ({ path, name, why }) => (name === null ? `\`${path}\` ${why}` : `\`${name}\` in \`${path}\` ${why}`),
  ),
  "updates-differ-in-shape": error<{
    readonly module: string;
    readonly first: string;
    readonly ofFirst: string;
    readonly other: string;
    readonly ofOther: string;
  }>(
    "E734",
    ({ module, first, ofFirst, other, ofOther }) =>
      `the update of \`${module}\` is ${ofFirst} in \`${first}\`, but ${ofOther} in \`${other}\``,
    () => "are they adapters of the same model?",
  ),
  "modules-named-differently": error<{
    readonly first: string;
    readonly ofFirst: string;
    readonly other: string;
    readonly ofOther: string;
  }>(
    "E735",
    ({ first, ofFirst, other, ofOther }) =>
      `\`${ofFirst}\` in \`${first}\` and \`${ofOther}\` in \`${other}\` may be the same module`,
    () => "name the spec of the whole model with --for SPEC, so that both get its names",
  ),
  "ranks-differ": error<{ readonly method: string; readonly module: string; readonly ranks: readonly number[] }>(
    "E736",
    ({ method, module, ranks }) =>
      `\`${method}\` combines updates of the same rank, but those of \`${module}\` have the ranks ${ranks.join(" and ")}`,
    () => "use --method svd or cat, which take any ranks",
  ),
  "not-finite": error<{ readonly path: string; readonly name: string }>(
    "E737",
    ({ path, name }) => `the update of \`${name}\` in \`${path}\` has values that are not finite`,
    () => "its training diverged, or the file is damaged",
  ),
  "unknown-parameter": error<{
    readonly path: string;
    readonly module: string;
    readonly parameters: string;
    readonly adapted: number;
  }>(
    "E742",
    ({ path, module, parameters, adapted }) =>
      `\`${path}\` has ${adapted === 1 ? "an adapter" : `${adapted} adapters`} on parameters of \`${module}\`, and it is not known which of ${parameters} each is on`,
    () =>
      "PEFT's files do not say it: name a spec whose module declares these parameters in the order of PyTorch's module",
  ),
} as const;

/** Copies by what stands before their names. */
function named(names: readonly string[]): string {
  return names.map((name) => (name === "" ? "without a prefix (`''`)" : `\`${name}\``)).join(", ");
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => `\`${name}\``);
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}
