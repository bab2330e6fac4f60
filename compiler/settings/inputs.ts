import {
  type Call,
  type Diagnostic,
  didYouMean,
  type Expression,
  type InputMember,
  report,
} from "../../grammar/index.ts";
import { windowsOf } from "../channel-windows.ts";
import { printType, type TensorType } from "../ir/index.ts";
import { type ImageSettings, imageSettingNames, readImageSettings } from "./image.ts";
import { asCalls } from "./literals.ts";
import { SettingReader } from "./reader.ts";
import { readTokenSettings, type TokenSettings, tokenSettingNames } from "./tokens.ts";
import { readVolumeSettings, type VolumeSettings, volumeSettingNames } from "./volume.ts";

/** Where the values of an input come from in a data set. */
export type InputSource =
  /** Voxels of a volume, f32[batch, windows, slices, height, width]; null for the only column of files that there is. */
  | { readonly kind: "volume"; readonly column: string | null; readonly settings: VolumeSettings }
  /**
   * The label of each voxel of a volume, f32 or i32[batch, 1, slices, height, width], or 1 where it is one of some labels and 0 elsewhere,
   * a channel for each of them.
   */
  | {
      readonly kind: "segmentation";
      readonly column: string;
      readonly of: string;
      /** Null for labels as they are. */
      readonly labels: readonly number[] | null;
    }
  /** Pixels of an image, f32[batch, 3, height, width]. */
  | { readonly kind: "image"; readonly column: string | null; readonly settings: ImageSettings }
  /** Numbers of tokens, i32[batch, length]; null for the texts that the `data` block names. */
  | { readonly kind: "tokens"; readonly columns: readonly string[] | null; readonly settings: TokenSettings }
  /** Numbers of tokens of the `eval` block's prompts, i32[prompts, length]: those of each class in turn, the same for all rows. */
  | { readonly kind: "prompts"; readonly texts: readonly string[]; readonly settings: TokenSettings }
  /** 1 for a token and 0 for padding, of the same shape as the tokens of another input. */
  | { readonly kind: "mask"; readonly of: string }
  /** Cells of a table, f32[batch, columns]: 0 or 1, and 0 where a cell is missing. */
  | { readonly kind: "table"; readonly columns: readonly string[] }
  /** 1 where the cells of another input are there and 0 where they are missing, f32[batch, columns]. */
  | { readonly kind: "known"; readonly of: string }
  /** How many examples to train on have a 0 for each that has a 1, f32[columns], of the cells of another input. */
  | { readonly kind: "balance"; readonly of: string };

type SourceName = InputSource["kind"];

/** What a source takes in its parentheses. */
const sourceArguments: Readonly<Record<SourceName, string>> = {
  volume: "volume()",
  segmentation: 'segmentation(column = "lesion", of = ct)',
  image: "image()",
  tokens: "tokens()",
  prompts: "prompts()",
  mask: "mask(input_ids)",
  table: "table(columns = classes)",
  known: "known(labels)",
  balance: "balance(labels)",
};

/**
 * Reads the sources of a model's declared inputs, and reports those that a data set does not have or that do not fit the type of their
 * input. `types` are those of the traced inputs, `classes` and `prompts` those of the `eval` block, the latter for all classes, and `volume`
 * what the `data` block says of volumes.
 */
export function readInputSources(
  members: readonly InputMember[],
  types: ReadonlyMap<string, TensorType>,
  { classes, prompts, volume }: Pick<Earlier, "classes" | "prompts" | "volume">,
  batch: number,
): { readonly sources: ReadonlyMap<string, InputSource>; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const sources = new Map<string, InputSource>();
  /** What is made of these would only repeat their mistakes. */
  const refused = new Set<string>();
  for (const member of members) {
    const type = types.get(member.name.text);
    const source = sourceOf(member.source, { sources, refused, classes, prompts, volume }, diagnostics);
    if (type === undefined || source === null) {
      refused.add(member.name.text);
      continue;
    }
    const expected = expectedType(source, sources, types, batch);
    const name = member.name.text;
    if (expected.holds(type)) sources.set(name, source);
    else {
      refused.add(name);
      const params = { name, source: written(member.source), expected: expected.written };
      const notes = [`it is declared ${printType(type)}`, ...promptsNote(source, classes.length)];
      diagnostics.push(report("unfit-source", member.type.span, params, { notes }));
    }
  }
  return { sources, diagnostics };
}

/** Why there are so many prompts, where a class has more than two. */
function promptsNote(source: InputSource, classes: number): readonly string[] {
  const each = source.kind === "prompts" ? source.texts.length / classes : 2;
  return each === 2 ? [] : [`the \`eval\` block has ${each} prompts for each class`];
}

/** The inputs that take the prompts of the `eval` block: their tokens and the masks of these. */
export function promptInputs(sources: ReadonlyMap<string, InputSource>): ReadonlySet<string> {
  const isOfPrompts = (source: InputSource | undefined): boolean =>
    source?.kind === "prompts" || (source?.kind === "mask" && sources.get(source.of)?.kind === "prompts");
  return new Set([...sources].flatMap(([name, source]) => (isOfPrompts(source) ? [name] : [])));
}

/** What the inputs before one are. */
interface Earlier {
  readonly sources: ReadonlyMap<string, InputSource>;
  readonly refused: ReadonlySet<string>;
  readonly classes: readonly string[];
  readonly prompts: readonly string[];
  readonly volume: VolumeSettings;
}

function sourceOf(call: Call, earlier: Earlier, diagnostics: Diagnostic[]): InputSource | null {
  const name = call.callee.kind === "name" ? call.callee.text : "";
  switch (name) {
    case "volume": {
      const reader = new SettingReader(call, name, ["column", ...volumeSettingNames]);
      const column = reader.optionalString("column");
      const settings = readVolumeSettings(reader, earlier.volume);
      diagnostics.push(...reader.diagnostics);
      return reader.diagnostics.length === 0 ? { kind: name, column, settings } : null;
    }
    case "segmentation":
      return segmentationOf(call, earlier, diagnostics);
    case "image": {
      const reader = new SettingReader(call, name, ["column", ...imageSettingNames]);
      const column = reader.optionalString("column");
      const settings = readImageSettings(reader);
      diagnostics.push(...reader.diagnostics);
      return reader.diagnostics.length === 0 ? { kind: name, column, settings } : null;
    }
    case "tokens": {
      const reader = new SettingReader(call, name, ["columns", ...tokenSettingNames]);
      const columns = reader.strings("columns", null, columnNames, isNamed);
      const settings = readTokenSettings(reader);
      diagnostics.push(...reader.diagnostics);
      return reader.diagnostics.length === 0 ? { kind: name, columns, settings } : null;
    }
    case "prompts":
      return promptsOf(call, earlier.prompts, diagnostics);
    case "table":
      return tableOf(call, earlier.classes, diagnostics);
    case "mask":
      return derivedFrom(call, name, ["tokens", "prompts"], earlier, diagnostics);
    case "known":
    case "balance":
      return derivedFrom(call, name, ["table"], earlier, diagnostics);
    default: {
      const names = Object.keys(sourceArguments);
      const help = didYouMean(name, names) ?? `what it has is ${names.join(", ")}`;
      const params = { name: written(call.callee) };
      const choices = asCalls(names);
      diagnostics.push(report("unknown-source", call.callee.span, params, { help, choices }));
      return null;
    }
  }
}

const columnNames = "a list of different names of columns in quotes";

function isNamed(name: string): boolean {
  return name.trim() !== "";
}

function promptsOf(call: Call, texts: readonly string[], diagnostics: Diagnostic[]): InputSource | null {
  const reader = new SettingReader(call, "prompts", tokenSettingNames);
  const settings = readTokenSettings(reader);
  if (texts.length === 0)
    reader.refuse("prompts", "of classes, which the `eval` block names", call.span, {
      help: 'set `classes = ["Emphysema", "Lung nodule"]` in the `eval` block',
    });
  diagnostics.push(...reader.diagnostics);
  return reader.diagnostics.length === 0 ? { kind: "prompts", texts, settings } : null;
}

function tableOf(call: Call, classes: readonly string[], diagnostics: Diagnostic[]): InputSource | null {
  const columns = call.arguments.find(({ name }) => name?.text === "columns")?.value;
  const reader = new SettingReader(call, "table", ["columns"]);
  const areClasses = columns?.kind === "name" && columns.text === "classes";
  const expected = `${columnNames}, or \`classes\``;
  const names = areClasses ? classes : reader.strings("columns", null, expected, isNamed, ["classes"]);
  diagnostics.push(...reader.diagnostics);
  if (reader.diagnostics.length > 0) return null;
  if (names !== null && names.length > 0) return { kind: "table", columns: names };
  const help = areClasses ? "set `classes` in the `eval` block, or name the columns here" : null;
  diagnostics.push(report("bad-setting", columns?.span ?? call.span, { name: "columns", expected }, { help }));
  return null;
}

/** A voxel's label is a whole number that floats of 32 bits hold, and what is no object has 0. */
const largestLabel = 2 ** 24;

function isLabel(number: number): boolean {
  return Number.isSafeInteger(number) && number > 0 && number <= largestLabel;
}

function segmentationOf(call: Call, { sources, refused }: Earlier, diagnostics: Diagnostic[]): InputSource | null {
  const reader = new SettingReader(call, "segmentation", ["column", "of", "labels"]);
  const column = reader.optionalString("column");
  const volumes = [...sources].flatMap(([name, { kind }]) => (kind === "volume" ? [name] : []));
  const ofVolume = "the name of an earlier input from `volume`";
  const written = call.arguments.find(({ name }) => name?.text === "of")?.value;
  const of = written?.kind === "name" ? written.text : "";
  if (!volumes.includes(of) && !refused.has(of))
    reader.refuse("of", ofVolume, written?.span, { help: didYouMean(of, volumes), choices: volumes });
  const expected = "a list of different whole numbers above 0, a channel for each";
  const labels = reader.numbers("labels", null, expected, isLabel);
  if (labels !== null && new Set(labels).size < labels.length) reader.refuse("labels", expected);
  if (reader.diagnostics.length === 0 && !(reader.has("column") && reader.has("of"))) {
    reader.refuse(
      "segmentation",
      `given \`column\` and \`of\`, such as \`${sourceArguments.segmentation}\``,
      call.span,
    );
  }
  // What is of a refused one would only repeat its mistakes.
  diagnostics.push(...reader.diagnostics);
  if (reader.diagnostics.length > 0 || column === null || refused.has(of)) return null;
  return { kind: "segmentation", column, of, labels };
}

/** What is made of another input, which is declared before it. */
function derivedFrom<Kind extends "mask" | "known" | "balance">(
  call: Call,
  kind: Kind,
  from: readonly SourceName[],
  { sources, refused }: Earlier,
  diagnostics: Diagnostic[],
): { readonly kind: Kind; readonly of: string } | null {
  const [argument, ...others] = call.arguments;
  const names = [...sources].flatMap(([name, each]) => (from.includes(each.kind) ? [name] : []));
  const of = argument?.value.kind === "name" && argument.name === null ? argument.value.text : "";
  if (names.includes(of) && others.length === 0) return { kind, of };
  if (refused.has(of)) return null;
  const expected = `the name of an earlier input from ${from.map((each) => `\`${each}\``).join(" or ")}`;
  const help = of === "" ? `write \`${sourceArguments[kind]}\`` : didYouMean(of, names);
  const extra = { help, choices: names };
  diagnostics.push(report("bad-setting", argument?.span ?? call.span, { name: kind, expected }, extra));
  return null;
}

interface ExpectedType {
  readonly written: string;
  readonly holds: (type: TensorType) => boolean;
}

function expectedType(
  source: InputSource,
  sources: ReadonlyMap<string, InputSource>,
  types: ReadonlyMap<string, TensorType>,
  batch: number,
): ExpectedType {
  const rows = ({ dtype, shape }: TensorType, of: "f32" | "i32", rank: number): boolean =>
    dtype === of && shape.length === rank && shape[0] === batch;
  const widthOf = (of: string): number => {
    const found = sources.get(of);
    return found?.kind === "table" ? found.columns.length : (types.get(of)?.shape[1] ?? 0);
  };
  const exactly = (written: string, dtype: "f32" | "i32", shape: readonly number[]): ExpectedType => ({
    written,
    holds: (type) => type.dtype === dtype && type.shape.join() === shape.join(),
  });
  switch (source.kind) {
    case "volume": {
      const shape = [windowsOf(source.settings).length, ...source.settings.size];
      return exactly(`f32[batch, ${shape.join(", ")}]`, "f32", [batch, ...shape]);
    }
    case "segmentation": {
      const of = sources.get(source.of);
      const size = of?.kind === "volume" ? of.settings.size : [];
      const shape = [source.labels?.length ?? 1, ...size];
      const { holds } = exactly("", "f32", [batch, ...shape]);
      return {
        written: ["f32", "i32"].map((dtype) => `${dtype}[batch, ${shape.join(", ")}]`).join(" or "),
        holds: (type) => holds(type.dtype === "i32" ? { ...type, dtype: "f32" } : type),
      };
    }
    case "image":
      return {
        written: "f32[batch, 3, height, width]",
        holds: (type) => rows(type, "f32", 4) && type.shape[1] === 3,
      };
    case "tokens":
      return { written: "i32[batch, length]", holds: (type) => rows(type, "i32", 2) };
    case "prompts": {
      const { length } = source.texts;
      return {
        written: `i32[${length}, length]`,
        holds: ({ dtype, shape }) => dtype === "i32" && shape.length === 2 && shape[0] === length,
      };
    }
    case "mask": {
      const of = sources.get(source.of);
      const length = widthOf(source.of);
      return of?.kind === "prompts"
        ? exactly(`i32[${of.texts.length}, ${length}]`, "i32", [of.texts.length, length])
        : exactly(`i32[batch, ${length}]`, "i32", [batch, length]);
    }
    case "table":
      return exactly(`f32[batch, ${source.columns.length}]`, "f32", [batch, source.columns.length]);
    case "known":
      return exactly(`f32[batch, ${widthOf(source.of)}]`, "f32", [batch, widthOf(source.of)]);
    case "balance":
      return exactly(`f32[${widthOf(source.of)}]`, "f32", [widthOf(source.of)]);
  }
}

function written({ span }: Expression): string {
  return span.source.text.slice(span.start, span.end);
}
