import { referenceModels } from "../app/models/describe.ts";
import { type StartingPoint, startingPoint } from "../app/models/start.ts";
import { renderTable } from "../text/index.ts";
import type { Ask, Terminal } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

/** What came of a question; `ended` by Ctrl-C, or where there is no more input. */
export type Answered<Value> = { readonly kind: "answer"; readonly value: Value } | { readonly kind: "ended" };

/** Asks which model to start from, by its number or its name, until there is one. */
export async function askForModel(ask: Ask, terminal: Terminal): Promise<Answered<StartingPoint>> {
  const models = referenceModels();
  const rows = models.map(({ name, summary }, index) => [String(index + 1), name, cut(summary)]);
  terminal.err(`models:\n${renderTable(rows, ["right", "left", "left"])}`);
  return until(ask, `model, by its number or name: `, (text) => {
    if (text === "") return null;
    const name = /^\d+$/.test(text) ? models[Number(text) - 1]?.name : text;
    return startingPoint(name ?? text, terminalReporter(terminal));
  });
}

/** A text as the one line of a list. */
function cut(text: string): string {
  const most = 90;
  return text.length <= most ? text : `${text.slice(0, most - 4).trimEnd()} ...`;
}

/** Asks for the folder of the data set; null to name it later. */
export async function askForData(ask: Ask): Promise<Answered<string | null>> {
  const text = await ask("folder of the data set (Enter to name it later): ");
  return text === null ? { kind: "ended" } : { kind: "answer", value: text.trim() || null };
}

/** Asks for the rank, until it is one; null for the model's own. */
export function askForRank(ask: Ask, own: number, terminal: Terminal): Promise<Answered<number | null>> {
  return until<{ readonly rank: number | null }>(ask, `rank of the adapters (Enter for ${own}): `, (text) => {
    if (text === "") return { rank: null };
    if (/^[1-9]\d{0,5}$/.test(text)) return { rank: Number(text) };
    terminal.err("a rank is a whole number above 0\n");
    return null;
  }).then((answered) => (answered.kind === "ended" ? answered : { kind: "answer", value: answered.value.rank }));
}

async function until<Value>(
  ask: Ask,
  question: string,
  read: (text: string) => Value | null,
): Promise<Answered<Value>> {
  for (;;) {
    const text = await ask(question);
    if (text === null) return { kind: "ended" };
    const value = read(text.trim());
    if (value !== null) return { kind: "answer", value };
  }
}
