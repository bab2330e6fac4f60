/**
 * A model exported by `medctc export --serve`, for Node and for browsers: a session of ONNX Runtime for each program, created once, and
 * adapters that each run is given as tensors. Everything is checked against adapters.json, so that a damaged file or an adapter of
 * another model is an error and never a wrong score.
 */

/**
 * Opens some programs of a model. `read` gives a file of the folder as bytes, `load` creates a session from a program's file and its
 * bytes, with the file of weights as the manifest lists it, and `Tensor` is ONNX Runtime's.
 */
export async function openServed({ read, load, Tensor, programs }) {
  const manifest = JSON.parse(new TextDecoder().decode(await read("adapters.json")));
  if (manifest.format !== "medctc.adapters" || manifest.version !== 1) {
    throw new Error("adapters.json: not a manifest of medctc, or of a later version");
  }
  const { base } = manifest;
  await checkBase(base);
  const sessions = new Map();
  for (const name of programs) {
    const listed = base.programs[name];
    if (listed === undefined) throw new Error(`the model has no program ${name}`);
    const bytes = await checked(await read(listed.file), listed);
    sessions.set(name, await load(listed.file, bytes, base.weights));
  }
  const loaded = new Map();
  const adapter = (name) => {
    if (!Object.hasOwn(manifest.adapters, name)) throw new Error(`there is no adapter ${name}`);
    if (!loaded.has(name)) loaded.set(name, readAdapter(manifest, name, read, Tensor));
    return loaded.get(name);
  };
  return {
    manifest,
    names: Object.keys(manifest.adapters),
    /** Loads an adapter, if it is not loaded yet. */
    adapter,
    /** Runs a program with an adapter: this is all that a switch is. */
    run: async (program, name, inputs) => {
      const tensors = await adapter(name);
      const feeds = { ...inputs };
      for (const input of base.programs[program].adapter_inputs) feeds[input] = tensors[input];
      return sessions.get(program).run(feeds);
    },
  };
}

/** Zero-shot scores by class, from 0 to 1, of the one volume in `inputs`, which has the model's prompts as tokens in the manifest's order. */
export async function scoresOf(served, name, inputs) {
  const { base, zero_shot: zeroShot } = served.manifest;
  if (zeroShot === null) throw new Error("the model has no zero-shot classes");
  const inputsOf = (program) =>
    Object.fromEntries(base.programs[program].inputs.map((input) => [input.name, given(inputs, input.name)]));
  const image = (await served.run("encode_image", name, inputsOf("encode_image"))).latent.data;
  const { latent, scale } = await served.run("encode_text", name, inputsOf("encode_text"));
  const width = latent.dims[1];
  const factor = scale === undefined ? 1 : scale.data[0];
  let row = 0;
  const next = (texts) => texts.map(() => latent.data.subarray(row * width, ++row * width));
  return new Map(
    zeroShot.classes.map(({ name: label, present, absent }) => {
      const sides = [next(present), next(absent)];
      const [ours, others] = zeroShot.average === "latent" ? sides.map((side) => [meanDirection(side)]) : sides;
      const pairs = ours.flatMap((one) =>
        others.map((other) => factor * (product(image, one) - product(image, other))),
      );
      return [label, pairs.reduce((sum, logit) => sum + 1 / (1 + Math.exp(-logit)), 0) / pairs.length];
    }),
  );
}

/** The texts of a model's prompts, in the order of `scoresOf`. */
export function promptsOf({ zero_shot: zeroShot }) {
  return zeroShot.classes.flatMap(({ present, absent }) => [...present, ...absent]);
}

/** Tensors of a safetensors file for ONNX Runtime, by name, and the file's metadata. */
export function readSafetensors(bytes, Tensor) {
  const start = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  const { __metadata__: metadata = {}, ...entries } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(entries)) {
    // A copy, which is aligned as its type asks for.
    const data = new Uint8Array(bytes.subarray(start + offsets[0], start + offsets[1])).buffer;
    if (dtype === "F32") tensors[name] = new Tensor("float32", new Float32Array(data), shape);
    else if (dtype === "I32") tensors[name] = new Tensor("int32", new Int32Array(data), shape);
    else throw new Error(`${name} is of the type ${dtype}`);
  }
  return { tensors, metadata };
}

/** The bytes of a file, if they are those that adapters.json lists. */
export async function checked(bytes, { file, sha256 }) {
  if ((await hashOf(bytes)) !== sha256) throw new Error(`${file} is not the file that adapters.json lists`);
  return bytes;
}

/** The base's hash is that of its files' hashes. */
async function checkBase({ sha256, weights, programs }) {
  const lines = [weights, ...Object.values(programs)].map((each) => `${each.file} ${each.sha256}\n`);
  if ((await hashOf(new TextEncoder().encode(lines.join("")))) !== sha256) throw new Error("adapters.json is damaged");
}

async function readAdapter(manifest, name, read, Tensor) {
  const { safetensors } = manifest.adapters[name];
  const { tensors, metadata } = readSafetensors(await checked(await read(safetensors.file), safetensors), Tensor);
  if (metadata["medctc.base_sha256"] !== manifest.base.sha256) throw new Error(`${name} is for another model`);
  for (const [input, shape] of Object.entries(manifest.tensors)) {
    if (tensors[input]?.dims.join() !== shape.join()) throw new Error(`${name} lacks ${input}, or has another shape`);
  }
  return tensors;
}

async function hashOf(bytes) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function given(inputs, name) {
  if (inputs[name] === undefined) throw new Error(`the input ${name} is missing`);
  return inputs[name];
}

/** The mean of unit vectors as a unit vector; one alone as it is. */
function meanDirection(latents) {
  if (latents.length === 1) return latents[0];
  const sum = new Float64Array(latents[0].length);
  for (const latent of latents) {
    const length = Math.hypot(...latent);
    for (const [place, value] of latent.entries()) sum[place] += value / length;
  }
  const length = Math.hypot(...sum);
  return sum.map((value) => value / length);
}

function product(one, other) {
  return one.reduce((sum, value, place) => sum + value * other[place], 0);
}
