import type { Name } from "./ast.ts";
import { type Diagnostic, report } from "./diagnostics/index.ts";

/** Reports every name after the first of its kind, with the first beside it. */
export function duplicates(names: readonly Name[]): readonly Diagnostic[] {
  const seen = new Map<string, Name>();
  return names.flatMap((name) => {
    const first = seen.get(name.text);
    if (first === undefined) {
      seen.set(name.text, name);
      return [];
    }
    const labels = [{ span: first.span, message: "first here" }];
    return [report("duplicate-member", name.span, { name: name.text }, { labels })];
  });
}
