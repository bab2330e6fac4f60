import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { prepare, root } from "../../runtime/setup/prepare.mjs";

/** `npm run fuzz -- --count 1000000 --seed 7`: as many mutants as one asks for, with the parser and the formatter. */
const { values } = parseArgs({
  options: { count: { type: "string", default: "200000" }, seed: { type: "string", default: "1" } },
});
await prepare();
const { build } = await import("esbuild");
const program = join(root, ".cache/fuzz.mjs");
await build({
  stdin: {
    contents: `
      import { runMutants } from "./test/property/mutants.ts";
      const [count, seed] = process.argv.slice(2).map(Number);
      const progress = (done) => process.stderr.write(\`\${done} of \${count}\\n\`);
      const { failures, slow, slowestMs, valid, mostErrors } =
        runMutants({ count, seed, progress: (done) => done % 20000 === 0 && progress(done) });
      for (const { reason, text } of failures.slice(0, 10)) console.log(reason, JSON.stringify(text));
      console.log(\`\${count} mutants of seed \${seed}: \${valid} valid, \${failures.length} failures, \` +
        \`\${slow.length} slower than 100 ms, slowest \${slowestMs.toFixed(1)} ms, at most \${mostErrors} errors\`);
      process.exitCode = failures.length + slow.length > 0 ? 1 : 0;
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
