import type { Setting } from "../../../grammar/index.ts";
import type { TracedSpec, WrittenModel } from "../../programs/index.ts";
import { refuse } from "./refusal.ts";

/** Settings of `train` that a package has. */
const kept: ReadonlySet<string> = new Set(["optimizer", "schedule", "steps", "clip_norm"]);

/** What a spec says that its package leaves out, for the docstring. */
export function leftOut({ declaration, program }: WrittenModel): readonly string[] {
  const metrics = declaration.members.flatMap((each) =>
    each.kind === "metric" ? [`the metric \`${each.name.text}\``] : [],
  );
  const settings = trainSettings(program).flatMap(({ name }) => (kept.has(name.text) ? [] : [`\`${name.text}\``]));
  const others = (["data", "eval"] as const).filter((block) =>
    program.entry.parsed.file.items.some((item) => item.kind === "settings" && item.block === block),
  );
  return [...metrics, ...settings, ...others.map((block) => `the block \`${block}\``)];
}

/** Refuses what the optimizer of a package would do in another way. */
export function refuseTraining(spec: TracedSpec, { declaration, program }: WrittenModel): void {
  const { optimizer, schedule } = spec.settings;
  const span = (name: string) => trainSettings(program).find((each) => each.name.text === name)?.value.span;
  if (optimizer.kind === "lion") refuse("PyTorch has no optimizer Lion", span("optimizer") ?? declaration.span);
  if (schedule.stepsPerEpoch !== null) return;
  const why = "is in epochs, and a package does not know how many steps an epoch has";
  if (schedule.warmupEpochs > 0) refuse(`\`warmup_epochs\` ${why}`, span("schedule") ?? declaration.span);
  if ([...spec.rules.values()].every(({ frozenEpochs }) => frozenEpochs === 0)) return;
  const group = declaration.members.find(
    (each) => each.kind === "parameter-group" && each.settings.some(({ name }) => name.text === "frozen_epochs"),
  );
  refuse(`\`frozen_epochs\` ${why}`, group?.span ?? declaration.span);
}

function trainSettings({ entry }: WrittenModel["program"]): readonly Setting[] {
  return entry.parsed.file.items.flatMap((item) =>
    item.kind === "settings" && item.block === "train" ? item.entries : [],
  );
}
