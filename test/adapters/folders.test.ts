import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { medctc, prepareProgram, runHere } from "../cli/medctc.ts";
import { jsonFields } from "./small-spec.ts";

const small = "specs/medct-small.vlm";
const peft = "test/fixtures/ctclip-small/peft_adapter";
let folder = "";

beforeAll(() => {
  prepareProgram();
  folder = mkdtempSync(join(tmpdir(), "medctc-folders-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** A folder with adapters in subfolders, as trainers write checkpoints and PEFT adapters with names. */
function folderOf(name: string, adapters: readonly string[]): string {
  const all = join(folder, name);
  mkdirSync(all, { recursive: true });
  for (const each of adapters) cpSync(peft, join(all, each), { recursive: true });
  return all;
}

/** Exports an adapter again, which reads all of it. */
async function read(...adapter: readonly string[]) {
  const { code, err } = await runHere(["export", small, "--peft", join(folder, "out"), "--adapter", ...adapter]);
  return { code, err };
}

test("a checkpoint folder of a trainer is read, whatever is beside the adapter", async () => {
  const checkpoint = folderOf("trainer/checkpoint-500", ["."]);
  for (const file of ["optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json", "README.md"])
    writeFileSync(join(checkpoint, file), "not read");
  expect(await read(checkpoint)).toMatchObject({ code: 0 });
  const found = join(checkpoint, "adapter_model.safetensors");
  const { code, err } = await read(join(folder, "trainer"));
  expect([code, err]).toEqual([
    0,
    expect.stringContaining(`taking ${found}, the only adapter in ${join(folder, "trainer")}`),
  ]);
  expect((await runHere(["adapter", "spec", join(folder, "trainer")])).code).toBe(0);
  expect((await runHere(["weights", "inspect", checkpoint])).out).toContain("lora_A.weight");
});

test("a folder of several adapters is refused with their names, by every command that reads one", async () => {
  const several = folderOf("several", ["checkpoint-500", "checkpoint-1000"]);
  for (const { code, err } of [
    await read(several),
    medctc(["adapter", "diff", several, peft]),
    await runHere(["adapter", "spec", several]),
  ]) {
    expect([code, err]).toEqual([1, expect.stringContaining(`error[E721]: \`${several}\` has several adapters: `)]);
    expect(err).toContain("`checkpoint-1000`, `checkpoint-500`");
    expect(err).toContain(`name the folder of one of them, such as ${join(several, "checkpoint-1000")}`);
  }
});

test("an adapter that PEFT wrote into a folder of its name is taken by --adapter-name", async () => {
  const named = folderOf("named", [".", "site-a"]);
  const config = join(named, "site-a", "adapter_config.json");
  writeFileSync(config, JSON.stringify({ ...jsonFields(readFileSync(config, "utf8")), lora_alpha: 16 }));
  expect((await read(named)).code).toBe(0);
  const other = await read(named, "--adapter-name", "site-a");
  expect([other.code, other.err]).toEqual([1, expect.stringContaining("error[E707]")]);
  expect(other.err).toContain("has the scale 4 (16 / 4)");
  expect((await read(folderOf("both", ["a", "b"]), "--adapter-name", "b")).code).toBe(0);
  // What leads out of the folder is no name.
  expect(await read(folderOf("inner", ["a", "b"]), "--adapter-name", "../both/a")).toMatchObject({ code: 1 });
});
