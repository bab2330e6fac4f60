import { buildProgram, type ExpectedMemory, expectMemory, whyNoProgram } from "../../../../compiler/index.ts";
import { printableLines } from "../../../../grammar/index.ts";
import { renderEmission, renderParameters } from "../../../printout/index.ts";
import type { Printed, PrintRequest } from "../protocol.ts";
import type { Opened } from "./session.ts";

/** The text that `medctc compile` or `medctc params` prints. */
export function print({ spec: open }: Opened, { what, after, withMemory }: PrintRequest): Printed {
  const { plan, spec, memory } = open.compiled;
  if (plan === null || spec === null) return doesNotCompile;
  switch (what) {
    case "parameters":
    case "trained-parameters":
      return printed(renderParameters(plan, what === "trained-parameters"));
    case "summary":
    case "plan":
      return printed(
        renderEmission({ plan, spec, program: null, memory: withMemory ? memoryOf(open) : memory }, what, null),
      );
    default: {
      const name = what === "passes" ? "step" : what;
      const program = buildProgram(spec, name);
      if (program === null) return { kind: "refused", why: `\`${name}\`: ${whyNoProgram(spec, name)}` };
      return printed(renderEmission({ plan, spec, memory, program }, what, after));
    }
  }
}

export const doesNotCompile = { kind: "refused", why: "the spec does not compile" } as const;

/** As a terminal shows it. */
export function printed(text: string): Printed {
  return { kind: "text", text: printableLines(text) };
}

/** What a step is expected to take, whether or not the spec limits it; null where nothing is trained. */
export function memoryOf({ compiled }: Opened["spec"]): ExpectedMemory | null {
  const { spec, memory } = compiled;
  return memory ?? (spec === null ? null : expectMemory(spec));
}
