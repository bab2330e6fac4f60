import type { ThresholdSetting } from "../../../compiler/index.ts";
import type { ThresholdPolicy } from "../../evaluate/index.ts";

/**
 * How thresholds come about. What the spec would choose on other volumes is 0.5 where nothing was chosen, as in evaluations during
 * training.
 */
export function policyOf(setting: ThresholdSetting, isChosen: boolean): ThresholdPolicy {
  if (setting.kind === "fixed") return setting;
  const { on } = setting;
  if (on.kind !== "evaluated" && !isChosen) return { kind: "fixed", value: 0.5 };
  const where = on.kind === "evaluated" ? null : on.kind === "named" ? JSON.stringify(on.name) : on.kind;
  return setting.kind === "sensitivity"
    ? { kind: setting.kind, atLeast: setting.atLeast, on: where }
    : { kind: setting.kind, on: where };
}
