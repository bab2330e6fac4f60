import { type Diagnostic, type RoleDeclaration, type RolesDeclaration, report } from "../../grammar/index.ts";
import type { LoadedFile } from "./imports.ts";

/**
 * The families of roles of a program by their names. A family is open: each file may give it roles, and selectors know all of them. What
 * gives a role another meaning than a file before it is reported.
 */
export function familiesOf(files: readonly Pick<LoadedFile, "parsed">[]): {
  readonly families: ReadonlyMap<string, RolesDeclaration>;
  readonly diagnostics: readonly Diagnostic[];
} {
  const families = new Map<string, RolesDeclaration>();
  const diagnostics: Diagnostic[] = [];
  for (const item of files.flatMap(({ parsed }) => parsed.file.items)) {
    if (item.kind !== "roles") continue;
    const family = item.family.text;
    const known = families.get(family)?.roles ?? [];
    for (const role of item.roles) {
      const first = known.find(({ name }) => name.text === role.name.text);
      if (first === undefined || meaningOf(first) === meaningOf(role)) continue;
      const meaning = first.covers.map(({ text }) => text).join(" + ");
      const params = { role: `${family}.${role.name.text}`, meaning };
      const labels = [{ span: first.span, message: "first declared here" }];
      diagnostics.push(report("unequal-roles", role.span, params, { labels }));
    }
    const added = item.roles.filter(({ name }) => !known.some((each) => each.name.text === name.text));
    families.set(family, { ...(families.get(family) ?? item), roles: [...known, ...added] });
  }
  return { families, diagnostics };
}

/** The same for `k + v` and `v + k`. */
function meaningOf({ covers }: RoleDeclaration): string {
  return covers
    .map(({ text }) => text)
    .sort()
    .join(" + ");
}
