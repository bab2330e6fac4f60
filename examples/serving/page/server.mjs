/**
 * Serves the page, a model and the inputs of one volume to browsers on this machine:
 * node page/server.mjs SERVED inputs.safetensors [PORT]
 */
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";

const [folder, inputs, port = "8001"] = process.argv.slice(2);
if (inputs === undefined) {
  console.error("usage: node page/server.mjs SERVED inputs.safetensors [PORT]");
  process.exit(2);
}
const page = dirname(fileURLToPath(import.meta.url));
const runtime = dirname(fileURLToPath(import.meta.resolve("onnxruntime-web/wasm")));
const { base, adapters } = JSON.parse(await readFile(join(folder, "adapters.json"), "utf8"));

/** What there is, and nothing besides. */
const files = new Map([
  ["/", join(page, "index.html")],
  ["/page.css", join(page, "page.css")],
  ["/page.mjs", join(page, "page.mjs")],
  ["/served.mjs", join(page, "../served.mjs")],
  ["/inputs.safetensors", inputs],
  ["/model/adapters.json", join(folder, "adapters.json")],
]);
for (const name of ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"]) {
  files.set(`/onnxruntime/${name}`, join(runtime, name));
}
for (const { file } of [base.weights, ...Object.values(base.programs)]) files.set(`/model/${file}`, join(folder, file));
for (const { safetensors } of Object.values(adapters)) {
  files.set(`/model/${safetensors.file}`, join(folder, safetensors.file));
}

const types = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};
const policy = "default-src 'self'; img-src data:; script-src 'self' 'wasm-unsafe-eval'";

const server = createServer(async (request, response) => {
  const file = files.get(new URL(request.url, "http://localhost").pathname);
  if (file === undefined || request.method !== "GET") return response.writeHead(404).end();
  const type = types[extname(file)] ?? "application/octet-stream";
  response.writeHead(200, { "content-type": type, "content-security-policy": policy });
  await pipeline(createReadStream(file), response).catch(() => response.destroy());
});
server.listen(Number(port), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
