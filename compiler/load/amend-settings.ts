import { type Diagnostic, report, type Setting, type SettingsBlock, type SettingsName } from "../../grammar/index.ts";
import type { Amended, Replacement } from "./amended.ts";

/**
 * The blocks of a kind that a variant has: its base's where it has none, its own where they do not amend, and else one that has the
 * base's settings with its own in the place of those of the same names, or behind them.
 */
export function amendSettings(
  block: SettingsName,
  own: readonly SettingsBlock[],
  inherited: readonly SettingsBlock[],
): Amended<SettingsBlock> {
  const [first] = own;
  if (first === undefined) return { entries: inherited, replacements: [], diagnostics: [] };
  if (!own.some(({ amends }) => amends)) {
    const removals = own.flatMap(({ removals }) => removals);
    const diagnostics = removals.map(({ span }) => report("nothing-amended", span, { written: "remove" }));
    return { entries: own, replacements: [], diagnostics };
  }
  const replacements: Replacement[] = [];
  const diagnostics: Diagnostic[] = [];
  const entries = new Map<string, Setting>();
  for (const entry of inherited.flatMap((each) => each.entries)) entries.set(entry.name.text, entry);
  for (const { text, span } of own.flatMap(({ removals }) => removals.flatMap(({ names }) => names))) {
    if (!entries.delete(text)) diagnostics.push(report("nothing-removed", span, { name: text }));
  }
  const added: Setting[] = [];
  for (const entry of own.flatMap((each) => each.entries)) {
    const before = entries.get(entry.name.text);
    if (before === undefined || before.span.source === entry.span.source) {
      added.push(entry);
      continue;
    }
    replacements.push({ by: entry.span, of: before.span });
    entries.set(entry.name.text, entry);
  }
  const amended = { ...first, block, entries: [...entries.values(), ...added], removals: [] };
  return { entries: [amended], replacements, diagnostics };
}
