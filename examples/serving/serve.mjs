/**
 * Serves zero-shot scores of one model under the adapters that it has, to this machine alone:
 * node serve.mjs SPEC VOCABULARY SERVED [PORT]
 *
 *   GET  /adapters                       the names
 *   POST /scores?adapter=lung            a .nii.gz as the body; scores by class as JSON
 */
import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, readVolume, tokenize } from "medctc";
import { openFolder, Tensor } from "./open-node.mjs";
import { promptsOf, scoresOf } from "./served.mjs";

const [spec, vocabulary, folder, port = "8000"] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: node serve.mjs SPEC VOCABULARY SERVED [PORT]");
  process.exit(2);
}
const longestBody = 2 ** 30;
const compiled = compile(spec);
const served = await openFolder(folder);
const prompts = tensorsOf(tokenize(compiled, promptsOf(served.manifest), vocabulary));

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  try {
    if (request.method === "GET" && pathname === "/adapters") return answer(response, 200, served.names);
    if (request.method !== "POST" || pathname !== "/scores") return answer(response, 404, { error: "not found" });
    const adapter = searchParams.get("adapter") ?? "base";
    await served.adapter(adapter);
    const inputs = { ...(await volumeOf(request)), ...prompts };
    const start = performance.now();
    const scores = await scoresOf(served, adapter, inputs);
    const elapsedMs = Math.round(performance.now() - start);
    answer(response, 200, { adapter, elapsedMs, scores: Object.fromEntries(scores) });
  } catch (error) {
    answer(response, 400, { error: error.message });
  }
});
server.listen(Number(port), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}: ${served.names.join(", ")}`);
});

/** A volume in a body, preprocessed as the model was trained on. */
async function volumeOf(request) {
  const file = join(tmpdir(), `${randomUUID()}.nii.gz`);
  const pieces = [];
  let length = 0;
  for await (const piece of request) {
    length += piece.length;
    if (length > longestBody) throw new Error("the volume is larger than 1 GiB");
    pieces.push(piece);
  }
  try {
    await writeFile(file, Buffer.concat(pieces), { mode: 0o600 });
    return tensorsOf(await readVolume(compiled, file));
  } finally {
    await rm(file, { force: true });
  }
}

function tensorsOf(values) {
  const tensors = [...values].map(([name, { type, data }]) => [
    name,
    type.dtype === "i32"
      ? new Tensor("int32", Int32Array.from(data), type.shape)
      : new Tensor("float32", Float32Array.from(data), type.shape),
  ]);
  return Object.fromEntries(tensors);
}

function answer(response, status, value) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(value)}\n`);
}
