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
} as const;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => `\`${name}\``);
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}
