import { outlasts, type Schedule, slowAverage, stepsOf, type TracedSpec } from "../../../compiler/index.ts";
import { type Diagnostic, report } from "../../../grammar/index.ts";

/**
 * What of a training takes longer than the training itself, whose length follows from its data and from options: a warm-up, a group that
 * is frozen, an average. What a spec says of the steps that it sets was reported when it was compiled.
 */
export function lengthWarnings(
  { settings, rules }: TracedSpec,
  known: Schedule,
  steps: number,
  path: string,
): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const inSpec = settings.schedule.steps;
  const { warmup, warmupEpochs: epochs } = settings.schedule;
  const rising = stepsOf(warmup, epochs, known);
  if (outlasts(rising, steps) && !(inSpec !== null && outlasts(warmup, inSpec)))
    found.push(report("long-warmup", path, { warmup: rising, epochs, steps }));
  const isSaid = inSpec !== null && slowAverage(settings.ema, inSpec).length > 0;
  if (!isSaid) found.push(...slowAverage(settings.ema, steps).map((said) => report("slow-average", path, said)));
  const freezes = new Map<string, Diagnostic>();
  for (const { frozenSteps, frozenEpochs } of rules.values()) {
    const frozen = stepsOf(frozenSteps, frozenEpochs, known);
    if (!outlasts(frozen, steps) || (inSpec !== null && outlasts(frozenSteps, inSpec))) continue;
    freezes.set(`${frozen}`, report("long-freeze", path, { frozen, epochs: frozenEpochs, steps }));
  }
  return [...found, ...freezes.values()];
}
