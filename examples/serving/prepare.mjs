/**
 * Writes one volume and the model's prompts as the encoders take them, for programs that have neither the preprocessing nor the tokenizer:
 * node prepare.mjs SPEC VOCABULARY SERVED VOLUME OUTPUT.safetensors
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compile, readVolume, tokenize } from "medctc";
import { promptsOf } from "./served.mjs";

const [spec, vocabulary, folder, volume, output] = process.argv.slice(2);
if (output === undefined) {
  console.error("usage: node prepare.mjs SPEC VOCABULARY SERVED VOLUME OUTPUT.safetensors");
  process.exit(2);
}
const compiled = compile(spec);
const manifest = JSON.parse(await readFile(join(folder, "adapters.json"), "utf8"));
const tensors = [...(await readVolume(compiled, volume)), ...tokenize(compiled, promptsOf(manifest), vocabulary)];
const header = {};
const parts = [];
let end = 0;
for (const [name, { type, data }] of tensors) {
  const { buffer } = type.dtype === "i32" ? Int32Array.from(data) : Float32Array.from(data);
  const bytes = Buffer.from(buffer);
  header[name] = {
    dtype: type.dtype === "i32" ? "I32" : "F32",
    shape: type.shape,
    data_offsets: [end, end + bytes.length],
  };
  end += bytes.length;
  parts.push(bytes);
}
const text = JSON.stringify(header);
const head = Buffer.from(text.padEnd(8 * Math.ceil(Buffer.byteLength(text) / 8)));
const length = Buffer.alloc(8);
length.writeBigUInt64LE(BigInt(head.length));
await writeFile(output, Buffer.concat([length, head, ...parts]));
