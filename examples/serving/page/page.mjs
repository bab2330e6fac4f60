/** Scores of one volume in the browser: the model is loaded once, and the adapter is chosen by name. */
import * as ort from "/onnxruntime/ort.wasm.min.mjs";
import { checked, openServed, readSafetensors, scoresOf } from "/served.mjs";

ort.env.wasm.wasmPaths = "/onnxruntime/";
// Threads need pages that are isolated from others.
ort.env.wasm.numThreads = 1;

const status = document.querySelector("#status");
const choice = document.querySelector("#adapter");
const rows = document.querySelector("#scores");
let weights = null;

try {
  const served = await openServed({
    read: (file) => bytesOf(`/model/${file}`),
    load: async (_, bytes, weights) => {
      const data = await weightsOf(weights);
      return ort.InferenceSession.create(bytes, { externalData: [{ path: weights.file, data }] });
    },
    Tensor: ort.Tensor,
    programs: ["encode_image", "encode_text"],
  });
  const { tensors: inputs } = readSafetensors(await bytesOf("/inputs.safetensors"), ort.Tensor);
  choice.replaceChildren(...served.names.map((name) => new Option(name)));
  choice.addEventListener("change", () => show(served, inputs));
  await show(served, inputs);
} catch (error) {
  status.textContent = error.message;
}

/** The weights, which both encoders share. */
function weightsOf(listed) {
  weights ??= bytesOf(`/model/${listed.file}`).then((bytes) => checked(bytes, listed));
  return weights;
}

async function show(served, inputs) {
  const name = choice.value;
  choice.disabled = true;
  status.textContent = `Running with ${name} …`;
  try {
    const start = performance.now();
    await served.adapter(name);
    const read = performance.now();
    const scores = await scoresOf(served, name, inputs);
    const [readMs, runMs] = [read - start, performance.now() - read];
    rows.replaceChildren(...[...scores].map(row));
    status.textContent = `${name}: adapter ready in ${readMs.toFixed(1)} ms, scores in ${runMs.toFixed(0)} ms`;
  } catch (error) {
    rows.replaceChildren();
    status.textContent = error.message;
  } finally {
    choice.disabled = false;
  }
}

function row([label, score]) {
  const line = document.createElement("tr");
  const head = Object.assign(document.createElement("th"), { scope: "row", textContent: label });
  line.append(head, Object.assign(document.createElement("td"), { textContent: score.toFixed(6) }));
  return line;
}

async function bytesOf(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
