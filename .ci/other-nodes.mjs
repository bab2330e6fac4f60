import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeOf, root } from "./nodes.mjs";

/**
 * Runs the built program with other Nodes than this one: what doctor says, and a program on native TensorFlow. The Nodes
 * come from npm's packages and stay in .cache. Where npm cannot get one it is left out, under CI that is a failure.
 */
const majors = [22, 24];
const fixture = "test/fixtures/ctclip-small";

function medctc(node, args) {
  const { status, stdout, stderr } = spawnSync(node, [join(root, "dist/medctc.js"), ...args], {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`medctc ${args.join(" ")} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

function check(node, major, output) {
  const rows = new Map(JSON.parse(medctc(node, ["doctor", "--json"])).map((row) => [row.what, row]));
  const found = rows.get("Node").detail;
  if (!found.startsWith(`${major}.`)) throw new Error(`this is Node ${found}`);
  const weights = ["--weights", `${fixture}/weights.safetensors`, "--adapter", `${fixture}/lora.safetensors`];
  for (const backend of ["tensorflow", "onnx"]) {
    const given = [...weights, "--feeds", `${fixture}/batch.safetensors`, "--backend", backend, "-o", output];
    const said = medctc(node, ["run", "specs/medct-small.vlm", "forward", ...given]);
    const loss = Number(/loss .* (\S+)$/m.exec(said)?.[1]);
    if (!(Math.abs(loss - 1.16881346702) < 1e-4)) throw new Error(`the loss is ${loss}`);
    console.log(`Node ${found}, ${backend}: the loss is ${loss}`);
  }
}

const folder = mkdtempSync(join(tmpdir(), "medctc-nodes-"));
try {
  for (const major of majors) {
    const node = nodeOf(major);
    if (node !== null) check(node, major, join(folder, "out.safetensors"));
    else if (process.env.CI) throw new Error(`npm could not get Node ${major}`);
    else console.log(`Node ${major} was left out: npm could not get it`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
