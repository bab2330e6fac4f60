import { createSource, parse } from "../../grammar/index.ts";
import type { RunRecord } from "./run-record.ts";

/**
 * What a run's spec says, by names such as `train.lr`: its settings, and its model's placements and freeze rules as they are written. A
 * variant's own settings stand before those of the spec that it amends, so the first of a name is the one that holds.
 */
export function settingsOf(record: RunRecord): ReadonlyMap<string, string> {
  const { medctc, spec, text, backend, precision, seed, batch, steps } = record;
  const found = new Map<string, string>();
  const written = (span: { readonly start: number; readonly end: number }): string =>
    text.slice(span.start, span.end).replaceAll(/\s+/g, " ");
  for (const item of parse(createSource(spec, text)).file.items) {
    if (item.kind === "settings") {
      for (const { name, value } of item.entries) {
        const full = `${item.block}.${name.text}`;
        if (!found.has(full)) found.set(full, written(value.span));
      }
    } else if (item.kind === "model") {
      const placed = item.members.filter(({ kind }) => kind === "placement" || kind === "freeze-rule");
      for (const member of placed) {
        const word = member.kind === "placement" ? "adapters" : "freeze";
        const before = found.get(word);
        if (before?.includes(written(member.span)) === true) continue;
        found.set(word, before === undefined ? written(member.span) : `${before}; ${written(member.span)}`);
      }
    }
  }
  for (const [name, value] of Object.entries({ spec, backend, precision, seed, batch, steps, medctc }))
    found.set(name, String(value));
  return found;
}
