import { basename, dirname, join, resolve } from "node:path";
import { type CardExport, placeCard, renderMadeCard } from "../../card/index.ts";
import { decodeContract } from "../../data/index.ts";
import { version } from "../../machine/index.ts";
import { type CardSources, reportPlacedCard } from "../export/card.ts";
import type { Reporter } from "../reporter.ts";
import type { AdapterPlacements } from "./placements.ts";

/** How an adapter was made of others, and what was lost. */
export interface MadeOf {
  /** What it is, in a sentence. */
  readonly summary: string;
  /** Paths as they were given. */
  readonly sources: readonly { readonly path: string; readonly weight: number | null }[];
  readonly method: readonly (readonly [name: string, value: string])[];
  /** A line for each module, behind one of headings. */
  readonly modules: readonly (readonly string[])[];
}

interface WrittenFolder {
  readonly folder: string;
  readonly files: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly placements: AdapterPlacements | null;
  readonly contract: string | null;
  readonly card: CardSources;
}

/** Writes the card of an adapter's folder. */
export function writeMadeCard(made: MadeOf, written: WrittenFolder, reporter: Reporter): void {
  const { folder, files, config, placements, card: sources } = written;
  const contract = written.contract === null ? null : decodeContract(written.contract);
  const baseModel = config["base_model_name_or_path"];
  const type = String(config["peft_type"]);
  const about: CardExport = {
    summary: made.summary,
    files,
    precision: ["32-bit floats."],
    usage: [
      "from peft import PeftModel",
      "",
      "# base: the torch.nn.Module of the base model with its weights, whose modules have their names in the checkpoint",
      'model = PeftModel.from_pretrained(base, ".")',
    ].join("\n"),
  };
  const names = namesOf(made.sources.map(({ path }) => path));
  const card = renderMadeCard({
    ...{ version, title: basename(resolve(folder)), written: about, method: made.method, modules: made.modules },
    sources: made.sources.map(({ weight }, place) => ({ name: names[place] ?? "", weight })),
    placements: placed(placements),
    results: sources.results,
    user: sources.user,
    contract: contract?.kind === "ok" && contract.value.version === 2 ? contract.value : null,
    frontMatter: {
      libraryName: "peft",
      baseModel: typeof baseModel === "string" && baseModel !== "" ? baseModel : null,
      pipelineTag: null,
      tags: ["medctc", "peft", type.toLowerCase()],
    },
  });
  const path = join(folder, "README.md");
  reportPlacedCard(path, placeCard(path, card), reporter);
}

/** Last names of paths, and those before them where two are the same: where files were is nobody's concern. */
function namesOf(paths: readonly string[]): readonly string[] {
  const last = paths.map((path) => basename(resolve(path)));
  if (new Set(last).size === last.length) return last;
  return paths.map((path) => `${basename(dirname(resolve(path)))}/${basename(path)}`);
}

function placed(placements: AdapterPlacements | null): readonly { readonly call: string; readonly on: string }[] {
  switch (placements?.kind) {
    case undefined:
      return [];
    case "modules":
      return placements.groups.map(({ call, modules }) => ({ call, on: modules.join(", ") }));
    case "selectors":
      return placements.lines.map((line) => {
        const at = line.indexOf(" on ");
        return { call: line.slice(0, at), on: line.slice(at + 4) };
      });
  }
}
