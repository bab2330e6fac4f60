import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { attempt } from "../../files/index.ts";
import type { Reporter } from "../reporter.ts";

const specEnd = ".vlm";
const planEnd = ".plan.json";

/** The file beside a spec that its golden plan is kept in. */
export function planFileOf(spec: string): string {
  return `${spec.endsWith(specEnd) ? spec.slice(0, -specEnd.length) : spec}${planEnd}`;
}

/** A spec whose plan is kept, or where it would be, for a plan without one. */
export interface FoundPlan {
  readonly spec: string;
  readonly file: string;
  readonly isSpecThere: boolean;
}

/**
 * The golden plans in the working folder and those below it, by path. Links are not followed, and folders that are hidden or
 * npm's are left out. Null after reporting a folder that cannot be read: what is in it would go unchecked.
 */
export function findPlans(reporter: Pick<Reporter, "problem">): readonly FoundPlan[] | null {
  const found: FoundPlan[] = [];
  const folders = ["."];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const path = folder;
    const entries = attempt(path, () => readdirSync(path, { withFileTypes: true }));
    if (entries.kind === "failed") {
      reporter.problem(entries.problem);
      return null;
    }
    for (const entry of entries.value) {
      const { name } = entry;
      if (entry.isDirectory() && !name.startsWith(".") && name !== "node_modules") folders.push(join(path, name));
      if (entry.isDirectory() || !name.endsWith(planEnd)) continue;
      const file = join(path, name);
      const spec = `${file.slice(0, -planEnd.length)}${specEnd}`;
      found.push({ spec, file, isSpecThere: existsSync(spec) });
    }
  }
  return found.sort((a, b) => (a.file < b.file ? -1 : 1));
}
