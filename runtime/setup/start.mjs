import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { prepare, root } from "./prepare.mjs";

const spec = "specs/medct.vlm";

/** What `npm start` does: makes the clone ready, then checks the reference spec and prints it in the formatter's form. */
await prepare();
say(`\n$ medctc check ${spec}`);
run(["check", spec], "ignore");
say(`\n$ medctc fmt --stdin < ${spec}`);
run(["fmt", "--stdin"], "pipe", readFileSync(join(root, spec)));

function run(args, stdin, input) {
  const { status } = spawnSync(process.execPath, [join(root, "dist/medctc.js"), ...args], {
    cwd: root,
    stdio: [stdin, "inherit", "inherit"],
    ...(input === undefined ? {} : { input }),
  });
  if (status !== 0) process.exit(status ?? 1);
}

function say(text) {
  process.stdout.write(`${text}\n`);
}
