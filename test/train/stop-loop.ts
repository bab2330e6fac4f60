import { setTimeout } from "node:timers/promises";
import { exitCodeOf, watchSignals } from "../../runtime/machine/signals.ts";

// Started by signals.test.ts: a loop of steps that ends when it is asked to, or goes on for ever with `stubborn`.
const [, , mode = ""] = process.argv;
const watch = watchSignals();
let told = false;
for (let step = 0; ; step++) {
  await setTimeout(2);
  if (step === 0) process.stdout.write("ready\n");
  const signal = watch.requested();
  if (signal === null) continue;
  if (!told) process.stdout.write(`asked by ${signal}\n`);
  told = true;
  if (mode === "stubborn") continue;
  if (mode === "disposed") {
    watch.dispose();
    process.stdout.write("disposed\n");
    await setTimeout(60_000);
  }
  process.exitCode = exitCodeOf(signal);
  break;
}
watch.dispose();
