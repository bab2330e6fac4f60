import type { Plan } from "../../compiler/index.ts";
import { printCount, renderTable } from "../text/index.ts";

/** Every parameter with the rule that decides whether it is trained, and their numbers; only those that are trained where that is asked for. */
export function renderParameters({ parameters, totals }: Plan, onlyTrained: boolean): string {
  const shown = parameters.filter(({ trainable }) => trainable || !onlyTrained);
  const header = ["path", "shape", "", "by", "first value", "in checkpoints"];
  const rows = shown.map(({ path, shape, trainable, group, rule, initial, checkpoint }) => {
    const how = trainable ? ["trained", ...(group === undefined ? [] : [group])].join(", ") : "frozen";
    return [path, `[${shape.join(", ")}]`, how, rule, initial, checkpoint];
  });
  const { trainable, frozen, total } = totals;
  const counts = `${printCount(trainable)} trained, ${printCount(frozen)} frozen, ${printCount(total)} in all`;
  return `${renderTable([header, ...rows], ["left", "left", "left", "left", "left", "left"])}\n${counts}\n`;
}
