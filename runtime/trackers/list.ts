import { mlflow } from "./mlflow/mlflow.ts";
import type { Tracker } from "./tracker.ts";
import { wandb } from "./wandb/wandb.ts";

/** All trackers, in the order of the help. */
export const trackers: readonly Tracker[] = [mlflow, wandb];
