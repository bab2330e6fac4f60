import { selectorsForNames } from "../../compiler/index.ts";
import { printable, report } from "../../grammar/index.ts";
import { groupsOf, peftFiles, readAdapter, withoutNumbers } from "../adapters/index.ts";
import { compilePath } from "../specs/index.ts";
import { renderTable } from "../text/index.ts";
import { adapterFile } from "./adapter-file.ts";
import { fail, refuse } from "./fail.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

/** Names that are listed of those that a model does not have. */
const mostNames = 5;

/**
 * `medctc adapter spec`: the placements that one of PEFT's folders was made by, with the selectors of a model, or else the
 * names of its modules.
 */
export function adapterSpec(folder: string, forSpec: string | null, terminal: Terminal): ExitCode {
  const file = adapterFile(folder);
  const adapter = readAdapter(file);
  if (adapter.kind === "wrong") return refuse([adapter.diagnostic], terminal);
  const { config } = adapter;
  if (config.kind === "none") {
    const help = `PEFT's folders have ${peftFiles.config} beside ${peftFiles.tensors}`;
    return fail(`${file} has no config beside it`, help, terminal);
  }
  const found = groupsOf(adapter, config.config);
  if (found.kind === "wrong")
    return refuse([report("bad-adapter-config", file, { path: file, problem: found.problem })], terminal);
  const { groups } = found;
  if (forSpec === null) {
    for (const { call, modules } of groups) {
      terminal.out(`${call}: ${modules.length} modules\n`);
      const rows = [...withoutNumbers(modules)].map(([name, count]) => [`  ${printable(name)}`, String(count)]);
      terminal.out(renderTable(rows, ["left", "right"]));
    }
    terminal.err("with --for SPEC these are placements, by the selectors of that spec's model\n");
    return exitCodes.done;
  }
  const compiled = compilePath(forSpec, terminal.libraryFolder);
  if (!showDiagnostics(compiled, terminal)) return exitCodes.wrong;
  const lines: string[] = [];
  for (const { call, modules } of groups) {
    const selectors = selectorsForNames(modules, compiled.elements);
    if (selectors.kind === "unknown") {
      const named = selectors.names.slice(0, mostNames).map((name) => `\`${name}\``);
      const more = selectors.names.length - named.length;
      const list = printable(named.join(", ")) + (more > 0 ? ` and ${more} more` : "");
      return fail(`the model of ${forSpec} has no module ${list}`, "is it an adapter of this model?", terminal);
    }
    lines.push(`${call} on ${selectors.text}\n`);
  }
  terminal.out(lines.join(""));
  const libraries = [...new Set(groups.map(({ library }) => `import "std/${library}"`))];
  terminal.err(`these lines need ${libraries.join(", ")}\n`);
  return exitCodes.done;
}
