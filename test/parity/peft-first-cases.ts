import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { placements as onConvolutions } from "./peft-conv-cases.ts";
import { fixtureIn, specOfSmall, type Tensors, writeTensors } from "./peft-fixture.ts";
import { placements as ofKinds, weightsOf } from "./peft-kinds-cases.ts";
import { specOf as promptSpec, weightsOf as promptWeights } from "./peft-prompts-cases.ts";
import { placements as onTables, weights as tables } from "./peft-tables-cases.ts";

export const fixture = "test/fixtures/peft-first";
export const below = fixtureIn(fixture);

const tensor = v.union([
  v.object({ shape: v.array(v.number()), values: v.array(v.number()) }),
  v.object({ shape: v.array(v.number()), deviation: v.number() }),
]);

/** A tensor before any step: its numbers, or the standard deviation of what is drawn. */
export type Start = v.InferOutput<typeof tensor>;

/** What PEFT starts from, by its names, for each case of a fixture. */
export const starts: Readonly<Record<string, Readonly<Record<string, Start>>>> = v.parse(
  v.record(v.string(), v.record(v.string(), tensor)),
  JSON.parse(readFileSync(`${fixture}/starts.json`, "utf8")),
);

const linear = "vision.first, vision.second, vision.last";

const placements: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(Object.entries(ofKinds).map(([name, placed]) => [`peft-kinds/${name}`, placed])),
  ...Object.fromEntries(Object.entries(onConvolutions).map(([name, placed]) => [`peft-conv/${name}`, placed])),
  ...Object.fromEntries(Object.entries(onTables).map(([name, placed]) => [`peft-tables/${name}`, placed])),
  "peft-kinds/pair-lora": [`lora(rank = 4, alpha = 5) on ${linear}`],
  "peft-kinds/pair-gaussian": [`lora(rank = 4, alpha = 5, start = "gaussian") on ${linear}`],
  "peft-kinds/pair-orthogonal": [`lora(rank = 4, alpha = 5, start = "orthogonal") on ${linear}`],
  "peft-kinds/pair-dora": [`dora(rank = 4, alpha = 5) on ${linear}`],
  "peft-kinds/pair-gaussdora": [`dora(rank = 4, alpha = 5, start = "gaussian") on ${linear}`],
  "peft-kinds/pair-ia3": ["ia3() on vision.first", "ia3(on_inputs = true) on vision.second"],
  "peft-kinds/flat-gaussian": ['lora(rank = 4, alpha = 5, start = "gaussian") on vision.stem, vision.point'],
  "peft-kinds/pair-pissa": [
    "pissa(rank = 3, alpha = 5) on vision.first",
    "pissa(rank = 2, alpha = 5) on vision.second",
    "pissa(rank = 3, alpha = 7) on vision.last",
  ],
  "peft-kinds/pair-olora": [`olora(rank = 3, alpha = 5, rank_stabilised = true) on ${linear}`],
};

const libraries = [
  ...[
    "beft",
    "boft",
    "c3a",
    "deft",
    "delora",
    "dora",
    "dora_embedding",
    "fourierft",
    "glora",
    "gralora",
    "hira",
    "hra",
    "ia3",
    "ln_tuning",
    "loha",
    "lokr",
    "lora",
    "lora_embedding",
    "miss",
    "oft",
    "olora",
  ],
  ...[
    "peanut",
    "pissa",
    "poly",
    "pvera",
    "randlora",
    "road",
    "shira",
    "supertuning",
    "tinylora",
    "trainable_tokens",
    "unilora",
    "vblora",
    "vera",
    "waveft",
  ],
];

/** A spec of a case, and the weights of its network. */
export function caseOf(name: string): { readonly text: string; readonly weights: Tensors } {
  const [from = "", own = ""] = name.split("/");
  if (from === "peft-prompts") return { text: promptSpec(own), weights: promptWeights(own) };
  const placed = placements[name];
  if (placed === undefined) throw new Error(`${name} is placed`);
  const networks = readFileSync(`test/fixtures/${from}/network.vlm`, "utf8");
  const [network = ""] = own.split("-");
  if (from === "peft-tables") {
    const model = { libraries, networks, network: "tables()", encoder: "text", placed, batch: 4 } as const;
    return { text: specOfSmall(model), weights: tables };
  }
  const model = { libraries, networks, network: `${network}()`, encoder: "vision", placed, batch: 2 } as const;
  const ofConvolutions = [...fixtureIn("test/fixtures/peft-conv")(`${network}.`)].filter(
    ([key]) => !/^(?:\w+\.(?:output|grad|merged)|x$)/.test(key),
  );
  return { text: specOfSmall(model), weights: from === "peft-conv" ? new Map(ofConvolutions) : weightsOf(network) };
}

/** Cases of LoRA that takes what it starts from out of the weights. */
export const converted = ["pissa", "olora"] as const;

/** Writes a spec, the network's weights, and what PEFT trained from what it took out of these, as a file of the spec's own. */
export function writeConverted(folder: string, kind: (typeof converted)[number]) {
  const { text, weights } = caseOf(`peft-kinds/pair-${kind}`);
  const [spec, given, adapter] = ["spec.vlm", "weights.safetensors", "adapter.safetensors"].map((file) =>
    join(folder, `${kind}-${file}`),
  );
  if (spec === undefined || given === undefined || adapter === undefined) throw new Error("there are three files");
  writeFileSync(spec, text);
  writeTensors(given, weights);
  const taken = [...below(`${kind}.start.`)].map(([key, each]) => [key.replace(".lora_", `.${kind}_`), each] as const);
  writeTensors(adapter, new Map([...below(`${kind}.end.`), ...taken]));
  return { spec, weights: given, adapter };
}
