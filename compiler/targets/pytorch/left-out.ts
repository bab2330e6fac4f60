import type { Setting } from "../../../grammar/index.ts";
import type { WrittenModel } from "../../programs/index.ts";

/** Settings of `train` that a package has. */
const kept: ReadonlySet<string> = new Set([
  "optimizer",
  "schedule",
  "steps",
  "clip_norm",
  "ema",
  "precision",
  "recompute",
]);

/** What a spec says that its package leaves out, for the docstring. */
export function leftOut({ program }: WrittenModel): readonly string[] {
  const settings = trainSettings(program).flatMap(({ name }) => (kept.has(name.text) ? [] : [`\`${name.text}\``]));
  const others = (["data", "eval"] as const).filter((block) =>
    program.entry.parsed.file.items.some((item) => item.kind === "settings" && item.block === block),
  );
  return [...settings, ...others.map((block) => `the block \`${block}\``)];
}

function trainSettings({ entry }: WrittenModel["program"]): readonly Setting[] {
  return entry.parsed.file.items.flatMap((item) =>
    item.kind === "settings" && item.block === "train" ? item.entries : [],
  );
}
