import type { Reporter } from "../runtime/app/reporter.ts";

/** A reporter that keeps what is said as lines: `note: ...`, `warning: ...`, `error: ...`; progress is not kept. */
export function collectedReporter(): { readonly reporter: Reporter; readonly said: () => string } {
  const lines: string[] = [];
  const say = (kind: string) => (line: string) => void lines.push(`${kind}: ${line}`);
  const reporter: Reporter = {
    problem: ({ message, help }) => void lines.push(`error: ${message}`, `help: ${help ?? "none"}`),
    diagnostics: (all) => void lines.push(...all.map(({ message }) => `error: ${message}`)),
    note: say("note"),
    warning: say("warning"),
    info: say("info"),
    progress: () => undefined,
    progressEnd: () => undefined,
  };
  return { reporter, said: () => lines.join("\n") };
}
