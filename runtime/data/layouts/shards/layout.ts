import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { setImmediate as letOthersRun } from "node:timers/promises";
import { type DataSettings, defaultData } from "../../../../compiler/index.ts";
import { kindOfPath } from "../../../files/index.ts";
import { failed, ok, type Problem, type Result, sentence } from "../../../text/index.ts";
import { isRawVolume, memberPath } from "../../archive-member.ts";
import { contractDifferences, contractOf, type DataContract } from "../../contract.ts";
import type {
  DatasetLayout,
  DatasetNeeds,
  Facts,
  Labels,
  ListedExample,
  RecordedArchive,
  SplitName,
} from "../../dataset.ts";
import { type LabelCell, missingLabelNotes } from "../../labels.ts";
import { compareNaturally } from "../../natural-order.ts";
import { quoted, quotedList } from "../../quoted.ts";
import { reasonOf } from "../../reasons.ts";
import { unstatedMetadata } from "../../transforms/index.ts";
import { exampleProblem, filesOf, labelsOf, type ReadExample, readExample, textOf } from "./example.ts";
import { type Manifest, manifestName, readManifest } from "./manifest.ts";
import { type ShardExample, scanShard } from "./scan-shard.ts";

/**
 * Shards of webdataset: tar archives in which the members of an example share a key. `medctc data pack` writes a `shards.json` beside them;
 * of others' shards the members' names say what they are.
 */
export const shards: DatasetLayout = {
  recognises: (path) => {
    switch (kindOfPath(path)) {
      case "file":
        return isShard(path);
      case "folder":
        return isFolderOfShards(path);
      case "absent":
      case "other":
        return false;
    }
  },
  list: async (path, settings, needs) => {
    const listing = new ShardListing(settings, needs);
    const found = findShards(path, settings, needs);
    if (found.kind === "failed") listing.problems.push(found.problem);
    else await listing.scan(found.value);
    const volumes = listing.volumes.toSorted((a, b) => compareNaturally(a.name, b.name));
    if (volumes.length === 0 && listing.problems.length === 0) listing.problems.push(emptySplit(path, needs.split));
    const manifest = found.kind === "ok" ? found.value.manifest : null;
    return {
      volumes,
      metadata: {
        exist: true,
        absence: { subject: path, message: "", help: null },
        of: (volume) => ok(isRaw(volume) ? unstatedMetadata : null),
      },
      texts: listing.texts.map((texts) => factsOf(path, texts, "a text")),
      labels: factsOf(path, listing.labels, "labels"),
      problems: listing.problems,
      notes: listing.notes(),
      orientation: manifest?.contract.orientation ?? null,
      recorded: found.kind === "ok" ? found.value.recorded : [],
      columns: { file: manifest?.fileColumn ?? null, textSeparator: manifest?.textSeparator ?? null },
      emptySplit: (split) => emptySplit(path, split),
    };
  },
};

/** What was read of each example; where it is wrong of all, the first says why. */
function factsOf<Value>(path: string, values: ReadonlyMap<string, Result<Value>>, what: string): Facts<Value> {
  const exist = [...values.values()].some(({ kind }) => kind === "ok");
  const [first] = values.values();
  const why = first?.kind === "failed" ? `: ${sentence(first.problem)}` : "";
  return {
    exist,
    absence: { subject: path, message: `none of its examples has ${what}${why}`, help: memberHelp },
    of: ({ name }) => (exist ? (values.get(name) ?? failed(null)) : failed(null)),
  };
}

const memberHelp = "an example's text is its member `KEY.txt`, and its labels are `labels` in `KEY.json`";

/** Whether one of its files is a volume that is still to be preprocessed. */
function isRaw({ files }: ListedExample): boolean {
  return files.some((file) => typeof file !== "string" && isRawVolume(file));
}

function isShard(name: string): boolean {
  return /\.tar$/i.test(name);
}

/** Archives may lie beside a data set of another layout, as what it was unpacked from. */
function isFolderOfShards(folder: string): boolean {
  try {
    const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith("."));
    if (entries.some(({ name }) => name === manifestName)) return true;
    const isOther = entries.some((entry) => entry.isDirectory() || /\.(nii|nii\.gz|csv|tsv)$/i.test(entry.name));
    return !isOther && entries.some(({ name }) => isShard(name));
  } catch {
    return false;
  }
}

interface FoundShards {
  readonly manifest: Manifest | null;
  readonly paths: readonly string[];
  readonly recorded: readonly RecordedArchive[];
  readonly problems: readonly Problem[];
}

/** The shards at a path, with their manifest where they have one; or why none of them can be used. */
function findShards(path: string, settings: DataSettings, needs: DatasetNeeds): Result<FoundShards> {
  const isFile = kindOfPath(path) === "file";
  const folder = isFile ? dirname(path) : path;
  let names: readonly string[];
  try {
    names = isFile ? [] : readdirSync(folder).filter((name) => isShard(name) && !name.startsWith("."));
  } catch (error) {
    return failed({ subject: folder, message: `it cannot be read: ${reasonOf(error)}`, help: null });
  }
  const read = readManifest(folder);
  if (read.kind === "failed") return read;
  const paths = isFile ? [path] : names.map((name) => join(folder, name)).toSorted(compareNaturally);
  const manifest = read.value;
  const foreign = { manifest: null, paths, recorded: [], problems: [] };
  if (manifest === null) return ok(foreign);
  if (!manifest.finished) {
    const help = "give the same `medctc data pack` command again; it keeps the shards that are complete";
    return failed({ subject: path, message: "its packing was not finished", help });
  }
  const differences = [
    ...(hasVolumes(manifest) ? differencesOf(manifest.contract, settings) : []),
    ...columnDifferences(manifest, settings, needs),
  ];
  if (differences.length > 0) {
    const message = `its values were made with other settings: ${differences.join("; ")}`;
    const help = "pack the data set again with this spec, or use the settings of the shards";
    return failed({ subject: path, message, help });
  }
  const listed = manifest.shards.map(({ name, bytes, sha256 }) => ({ path: join(folder, name), bytes, sha256 }));
  const wanted = isFile ? listed.filter((shard) => shard.path === join(path)) : listed;
  if (isFile && wanted.length === 0) return ok(foreign);
  const problems = wanted.flatMap((shard) => sizeProblem(shard.path, shard.bytes));
  const wrong = new Set(problems.map(({ subject }) => subject));
  const known = new Set(listed.map((shard) => shard.path));
  for (const other of paths.filter((each) => !known.has(each))) {
    const message = `${manifestName} does not list it`;
    problems.push({ subject: other, message, help: "move it into a folder of its own, or remove it" });
  }
  const recorded = wanted.filter(({ path: each }) => !wrong.has(each));
  return ok({ manifest, paths: recorded.map((shard) => shard.path), recorded, problems });
}

/** In what packed values are not what a `data` block asks for, in words that name both sides. */
function differencesOf(packed: DataContract, settings: DataSettings): readonly string[] {
  const { orientation: wanted, assumeOrientation: assumed } = settings;
  const differing = contractDifferences(packed, contractOf(settings, wanted)).map(({ field, recorded, now }) => {
    const [theirs, ours] = [recorded, now].map((value) => value.replaceAll(",", ", "));
    return `\`${field}\` is ${theirs} in the shards and ${ours} in the \`data\` block`;
  });
  const isUnknown = wanted !== null && packed.orientation === null && assumed !== wanted;
  const unknown = `\`orientation\` is not known in the shards and "${wanted}" in the \`data\` block`;
  return isUnknown ? [unknown, ...differing] : differing;
}

function hasVolumes({ files, pictures = [] }: Manifest): boolean {
  return files.some((_, place) => (pictures[place] ?? null) === null);
}

/** In what the columns that examples were made of are not what a `data` block says, where it says it. */
function columnDifferences(
  { fileColumn = null, textSeparator = null }: Manifest,
  { file, text, textSeparator: separator }: DataSettings,
  { files, texts }: DatasetNeeds,
): readonly string[] {
  const isJoined = texts.some((columns) => (columns ?? text)?.length !== 1);
  const differs = (field: string, theirs: string, ours: string): string =>
    `\`${field}\` is ${JSON.stringify(theirs)} in the shards and ${JSON.stringify(ours)} in the \`data\` block`;
  return [
    ...(files.includes(null) && fileColumn !== null && file !== defaultData.file && file !== fileColumn
      ? [differs("file", fileColumn, file)]
      : []),
    ...(isJoined && separator !== null && textSeparator !== null && separator !== textSeparator
      ? [differs("text_separator", textSeparator, separator)]
      : []),
  ];
}

function sizeProblem(path: string, bytes: number): readonly Problem[] {
  const found = statSync(path, { throwIfNoEntry: false });
  const help = "copy or download it again";
  if (found === undefined) return [{ subject: path, message: "it does not exist", help }];
  if (found.size === bytes) return [];
  return [{ subject: path, message: `it has ${found.size} bytes, but ${manifestName} lists ${bytes}`, help }];
}

/** What is said of the examples of some shards, shard by shard. */
class ShardListing {
  readonly volumes: ListedExample[] = [];
  readonly problems: Problem[] = [];
  /** By name, for each text that is needed. */
  readonly texts: readonly Map<string, Result<string>>[];
  readonly labels = new Map<string, Result<Labels>>();
  private readonly settings: DataSettings;
  private readonly needs: DatasetNeeds;
  private readonly shardOf = new Map<string, string>();
  /** Shards of others that have values. */
  private readonly foreign = new Set<string>();
  private unsplit = 0;

  constructor(settings: DataSettings, needs: DatasetNeeds) {
    this.settings = settings;
    this.needs = needs;
    this.texts = needs.texts.map(() => new Map());
  }

  async scan({ manifest, paths, problems }: FoundShards): Promise<void> {
    this.problems.push(...problems);
    for (const path of paths) {
      const scan = scanShard(path);
      if (scan.kind === "failed") this.problems.push({ subject: path, ...scan.problem });
      else for (const example of scan.value) this.take(path, example, manifest);
      await letOthersRun();
    }
  }

  notes(): readonly string[] {
    const notes: string[] = [];
    if (this.foreign.size > 0) {
      notes.push(
        `no ${manifestName} says what the values in ${quotedList([...this.foreign], 1)} mean; they are taken as they are`,
      );
    }
    if (this.unsplit > 0) {
      const whose = this.unsplit === 1 ? "1 example says" : `${this.unsplit} examples say`;
      notes.push(`${whose} nothing of a split, and so ${this.unsplit === 1 ? "is" : "are"} trained on`);
    }
    const labelled = [...this.labels.values()].flatMap((labels) => (labels.kind === "ok" ? [labels.value] : []));
    const cells = labelled.map((labels) => new Map([...labels].map(([name, label]) => [name, cellOf(label)])));
    return [...notes, ...missingLabelNotes(cells)];
  }

  private take(path: string, example: ShardExample, manifest: Manifest | null): void {
    const read = readExample(example, manifest);
    const splits = this.splitsOf(read);
    const { split } = this.needs;
    if (split !== "all" && !splits.includes(split)) return;
    const { name } = read;
    const other = this.shardOf.get(name);
    if (other !== undefined) {
      const message = `the example ${quoted(name)} is in two places; the other is in ${other}`;
      this.problems.push({ subject: memberPath({ path, name: example.key }), message, help: "keep one of them" });
      return;
    }
    this.shardOf.set(name, path);
    const files = filesOf(example, this.needs.files, manifest);
    if (files.kind === "failed") {
      this.problems.push(exampleProblem(path, example.key, files.problem));
      return;
    }
    const [first] = files.value;
    const file = memberPath(first ?? { path, name: example.key });
    // Contents have been read by now.
    const stored = files.value.map(({ name: of, offset, bytes }) => ({ path, name: of, offset, bytes }));
    if (manifest === null && stored.some((each) => /\.npy$/i.test(each.name))) this.foreign.add(path);
    this.volumes.push({ name, file, files: stored, splits });
    this.takeFacts(path, example, read, manifest);
  }

  private takeFacts(
    path: string,
    example: ShardExample,
    { name, record }: ReadExample,
    manifest: Manifest | null,
  ): void {
    const wrong = (problem: Parameters<typeof exampleProblem>[2]) => failed(exampleProblem(path, example.key, problem));
    const { text, textSeparator } = this.settings;
    for (const [place, texts] of this.texts.entries()) {
      if (record.kind === "failed") texts.set(name, record);
      else {
        const found = textOf(example, record.value, this.needs.texts[place] ?? text, textSeparator, manifest);
        texts.set(name, found.kind === "ok" ? found : wrong(found.problem));
      }
    }
    if (this.needs.labels === null) return;
    if (record.kind === "failed") this.labels.set(name, record);
    else {
      const labels = labelsOf(record.value, this.needs.labels);
      const isMissing = labels.kind === "ok" && this.needs.labels === "any" && record.value.labels.size === 0;
      if (isMissing) this.labels.set(name, wrong({ message: "it has no labels", help: null }));
      else this.labels.set(name, labels.kind === "ok" ? labels : wrong(labels.problem));
    }
  }

  /** What an example says, or else what its name does; what neither says is there to be trained on. */
  private splitsOf({ splits, name }: ReadExample): readonly SplitName[] {
    if (splits !== null) return splits;
    const { train, valid } = this.settings;
    const [longer, shorter] =
      train.length >= valid.length ? (["train", "valid"] as const) : (["valid", "train"] as const);
    if (name.startsWith(this.settings[longer])) return [longer];
    if (name.startsWith(this.settings[shorter])) return [shorter];
    this.unsplit++;
    return ["train"];
  }
}

function cellOf(label: boolean | null): LabelCell {
  return label === null ? "blank" : label ? "present" : "absent";
}

function emptySplit(path: string, split: SplitName | "all"): Problem {
  if (split === "all") return { subject: path, message: "it contains no examples", help: null };
  const message = `none of its examples is in the split \`${split}\``;
  return { subject: path, message, help: "`split` in an example's member `KEY.json` says where it belongs" };
}
