import { parseArgs } from "node:util";
import { goodFiles } from "./good-files.ts";
import { runMutants } from "./mutants.ts";

/** `npm run fuzz:weights -- --count 1000000 --seed 7`: as many damaged files of weights as one asks for, in each format. */
const { values } = parseArgs({
  options: { count: { type: "string", default: "200000" }, seed: { type: "string", default: "1" } },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
for (const format of ["safetensors", "pt"] as const) {
  const start = performance.now();
  const progress = (done: number): void => {
    if (done % 20_000 === 0) process.stderr.write(`${format}: ${done} of ${count}\n`);
  };
  const { read, refused, problems, failures, slowestMs } = runMutants({
    files: goodFiles(format),
    count,
    seed,
    progress,
  });
  for (const { file, mutant, reason } of failures.slice(0, 10)) process.stdout.write(`${file} ${mutant} ${reason}\n`);
  const seconds = (performance.now() - start) / 1000;
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(
    `${format}, ${count} mutants of seed ${seed}: ${read} read, ${refused} refused for ${problems} reasons, ` +
      `${failures.length} failures, slowest ${slowestMs.toFixed(1)} ms, ${seconds.toFixed(1)} s, at most ${peakMiB.toFixed(0)} MiB\n`,
  );
  if (failures.length > 0) process.exitCode = 1;
}
