import { createServer } from "node:http";
import { parentPort, workerData } from "node:worker_threads";
import * as v from "valibot";

/**
 * A package index with one wheel, in a thread of its own: what downloads it is waited for. `workerData` has the wheel's
 * `bytes` and `file` name; `cuts`, where the connection is broken off, one for each request from the first on; and
 * `knowsRanges`, whether a request for a range gets that range. Posts its port, then the range of each request.
 */
const given = v.object({
  bytes: v.instance(Uint8Array),
  file: v.string(),
  cuts: v.array(v.number()),
  knowsRanges: v.boolean(),
});
const { bytes, file, cuts, knowsRanges } = v.parse(given, workerData);
const wheel = Buffer.from(bytes);
let requests = 0;

const server = createServer((request, response) => {
  if (!request.url?.endsWith(".whl")) {
    response.setHeader("Content-Type", "text/html").end(`<a href="/${file}">${file}</a>`);
    return;
  }
  const { range } = request.headers;
  parentPort?.postMessage({ range: range ?? null });
  const from = knowsRanges && range !== undefined ? Number(/^bytes=(\d+)-$/.exec(range)?.[1]) : 0;
  const cut = cuts[requests++];
  response.writeHead(from > 0 ? 206 : 200, { "Content-Length": wheel.length - from });
  if (cut === undefined) response.end(wheel.subarray(from));
  else response.write(wheel.subarray(from, cut), () => response.destroy());
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") parentPort?.postMessage({ port: address.port });
});
