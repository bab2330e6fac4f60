import { EventLog } from "../../runtime/train/events.ts";
import { MetricsLog } from "../../runtime/train/metrics-log.ts";
import { RunFolder } from "../../runtime/train/run-folder.ts";
import { checkpointAt } from "./made-checkpoint.ts";

// Started by kill.test.ts, which ends it: goes on from the newest checkpoint, and prints the step of each that is saved.
const [, , path = ""] = process.argv;
const opened = RunFolder.open(path, { keep: 2 });
if (opened.kind !== "open") throw new Error(opened.problem.message);
const { run } = opened;
const latest = run.checkpoints.latest();
if (latest.kind === "failed") throw new Error(latest.problem.message);
const lastStep = latest.kind === "found" ? latest.checkpoint.state.step : 0;
const metrics = MetricsLog.open(run.metricsPath, lastStep);
const events = EventLog.open(run.eventsFolder, { seconds: Date.now() / 1000, host: "here", lastStep });
if (metrics.kind === "failed" || events.kind === "failed") throw new Error("both open");
for (let step = lastStep + 1; ; step++) {
  const done = [
    metrics.value.append({ step, epoch: 0, loss: 1 / step }),
    metrics.value.sync(),
    events.value.append(step, Date.now() / 1000, new Map([["train/loss", 1 / step]])),
    run.checkpoints.save(checkpointAt(step, { metric: 1 / (1 + (step % 7)) })),
  ];
  if (done.some(({ kind }) => kind === "failed")) throw new Error("all is written");
  process.stdout.write(`${step}\n`);
}
