import { EventLog } from "../../runtime/train/events.ts";

/** Logs six steps into a folder, as a run does that is ended after the fourth, and goes on from its checkpoint of the second. */
const [, , folder = ""] = process.argv;
const parts = [
  { lastStep: 0, steps: [1, 2, 3, 4], losses: [4, 3, 100, 100] },
  { lastStep: 2, steps: [3, 4, 5, 6], losses: [2, 1, 0.5, 0.25] },
];
for (const [part, { lastStep, steps, losses }] of parts.entries()) {
  const seconds = 1_700_000_000 + 100 * part;
  const opened = EventLog.open(folder, { seconds, host: "node", lastStep });
  if (opened.kind === "failed") throw new Error(opened.problem.message);
  for (const [index, step] of steps.entries()) {
    const values = new Map([
      ["train/loss", losses[index] ?? 0],
      ["train/learning_rate", 1e-4],
    ]);
    if (opened.value.append(step, seconds + step, values).kind === "failed") throw new Error("it is written");
  }
  opened.value.close();
}
