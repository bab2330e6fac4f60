import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { prepare, root } from "../../runtime/setup/prepare.mjs";

/** `node test/weights/fuzz.mjs --count 1000000 --seed 7`: as many damaged files of weights as one asks for, in each format. */
const { values } = parseArgs({
  options: { count: { type: "string", default: "200000" }, seed: { type: "string", default: "1" } },
});
await prepare();
const { build } = await import("esbuild");
const program = join(root, ".cache/fuzz-weights.mjs");
await build({
  stdin: {
    contents: `
      import { goodFiles } from "./test/weights/good-files.ts";
      import { runMutants } from "./test/weights/mutants.ts";
      const [count, seed] = process.argv.slice(2).map(Number);
      for (const format of ["safetensors", "pt"]) {
        const start = performance.now();
        const progress = (done) => done % 20000 === 0 && process.stderr.write(\`\${format}: \${done} of \${count}\\n\`);
        const { read, refused, problems, failures, slowestMs } =
          runMutants({ files: goodFiles(format), count, seed, progress });
        for (const { file, mutant, reason } of failures.slice(0, 10)) console.log(file, mutant, reason);
        const seconds = (performance.now() - start) / 1000;
        const peakMiB = process.resourceUsage().maxRSS / 1024;
        console.log(\`\${format}, \${count} mutants of seed \${seed}: \${read} read, \${refused} refused for \${problems} reasons, \` +
          \`\${failures.length} failures, slowest \${slowestMs.toFixed(1)} ms, \${seconds.toFixed(1)} s, at most \${peakMiB.toFixed(0)} MiB\`);
        if (failures.length > 0) process.exitCode = 1;
      }
    `,
    resolveDir: root,
    loader: "ts",
  },
  outfile: program,
  bundle: true,
  platform: "node",
  format: "esm",
  banner: { js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);' },
  logLevel: "warning",
});
const { status } = spawnSync(process.execPath, [program, values.count, values.seed], { cwd: root, stdio: "inherit" });
process.exitCode = status ?? 1;
