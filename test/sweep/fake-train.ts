import { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

// Stands for `medctc train` in tests: `FOLDER how [volume]`. It writes what happens into a file beside its folder.
const [, , folder = "", how = "", volume = ""] = process.argv;
const tell = (what: string): void => appendFileSync(join(folder, "../told"), `${what} ${folder.split("/").at(-1)}\n`);
let stops = 0;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    stops++;
    tell(signal);
  });
}
tell("start");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "ready.part"), String(process.pid));
renameSync(join(folder, "ready.part"), join(folder, "ready"));
if (how === "fail") {
  process.stdout.write("it went wrong\n");
  process.exit(1);
}
if (how === "slow") await sleep(500);
if (how === "wait") {
  while (stops === 0) await sleep(5);
  process.exit(130);
}
if (how === "read") {
  await sleep(150);
  writeFileSync(volume, "");
  while (!existsSync(join(folder, "../second/ready"))) await sleep(5);
}
writeFileSync(join(folder, "adapter.safetensors"), "");
writeFileSync(join(folder, "report.html"), "");
rmSync(join(folder, "run.lock"), { recursive: true, force: true });
tell("end");
