import type { Reporter } from "../../runtime/app/reporter.ts";

/** A reporter that keeps what it hears, but progress. */
export function listeningReporter(): Reporter & { readonly heard: string[] } {
  const heard: string[] = [];
  const say = (text: string): void => void heard.push(text);
  return {
    heard,
    problem: ({ message, help }) => say(help === null ? message : `${message}; ${help}`),
    diagnostics: (all) => {
      for (const { code, message } of all) say(`${code}: ${message}`);
    },
    note: say,
    warning: say,
    info: say,
    progress: () => undefined,
    progressEnd: () => undefined,
  };
}
