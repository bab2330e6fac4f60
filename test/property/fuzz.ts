import { parseArgs } from "node:util";
import { runMutants } from "./mutants.ts";

/** `npm run fuzz -- --count 1000000 --seed 7`: as many mutants as one asks for, with the parser and the formatter. */
const { values } = parseArgs({
  options: { count: { type: "string", default: "200000" }, seed: { type: "string", default: "1" } },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
const progress = (done: number): void => {
  if (done % 20_000 === 0) process.stderr.write(`${done} of ${count}\n`);
};
const { failures, slow, slowestMs, valid, mostErrors } = runMutants({ count, seed, progress });
for (const { reason, text } of failures.slice(0, 10)) process.stdout.write(`${reason} ${JSON.stringify(text)}\n`);
process.stdout.write(
  `${count} mutants of seed ${seed}: ${valid} valid, ${failures.length} failures, ${slow.length} slower than 100 ms, ` +
    `slowest ${slowestMs.toFixed(1)} ms, at most ${mostErrors} errors\n`,
);
process.exitCode = failures.length + slow.length > 0 ? 1 : 0;
