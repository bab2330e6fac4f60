import { statSync } from "node:fs";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { failed, ok, type Result } from "../../../text/index.ts";
import { type Fault, fault } from "../../problem.ts";
import { quoted } from "../../quoted.ts";
import { reasonOf } from "../../reasons.ts";

/** The file that a cell names, from the data folder; what lies outside of it is not read. */
export function fileAt(cell: string, folder: string, column: string): Result<string, Fault> {
  const written = cell.trim();
  if (written === "") return failed(fault(`its ${quoted(column)} is empty`));
  const path = resolve(folder, written);
  const inside = relative(folder, path);
  if (isAbsolute(inside) || inside === ".." || inside.startsWith(`..${sep}`)) {
    const message = `its ${quoted(column)} is ${quoted(written)}, which is not in ${folder}`;
    return failed(fault(message, "name the folder that all files are in with --data, and the table with `table`"));
  }
  try {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) {
      return failed(fault(`its ${quoted(column)} is ${quoted(written)}, which does not exist`));
    }
  } catch (error) {
    return failed(fault(`its ${quoted(column)} is ${quoted(written)}, which cannot be read: ${reasonOf(error)}`));
  }
  return ok(path);
}
