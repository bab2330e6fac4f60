import {
  type Argument,
  type Assignment,
  type Call,
  calleeName,
  createSource,
  type Diagnostic,
  didYouMean,
  type Expression,
  type File,
  formatFile,
  type Help,
  joinSpans,
  type ModelDeclaration,
  type ModelMember,
  type Name,
  parse,
  parseAssignment,
  report,
  type Setting,
  type SettingsBlock,
  type SettingsName,
  type Source,
} from "../../grammar/index.ts";
import { trainCalls } from "./train.ts";

/**
 * A spec with other values than it was written with: each text is an assignment such as `train.lr = 1e-3`, and the last one to a
 * place holds. A path leads to a setting of a block (`train.batch`), to an argument of a setting's call (`train.optimizer.lr`, or
 * `train.lr` for short), to a `let` of the file (`width`) or of the model (`model.width`) or to an argument of what the model
 * names: an encoder, a part, an input, or an adapter in all of its placements (`model.lora.rank`).
 */
export function assign(
  file: File,
  texts: readonly string[],
  places: Places = "given",
): { readonly file: File; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  let assigned = file;
  for (const text of texts) {
    const { assignment, diagnostics: unread } = parseAssignment(createSource("--set", text));
    diagnostics.push(...unread);
    const result = assignment === null ? null : assignOne(assigned, assignment, places);
    if (result?.kind === "file") assigned = result.file;
    if (result?.kind === "refused") diagnostics.push(result.diagnostic);
    const [first, second] = assignment?.path ?? [];
    if (result?.kind !== "file" || assignment === null || (second !== undefined && first?.text !== "model")) continue;
    const without = withoutExpectations(assigned);
    if (without !== assigned) diagnostics.push(reportPath("expectations-left", assignment.path, null));
    assigned = without;
  }
  return { file: assigned, diagnostics };
}

/** Whether an argument that was replaced is pointed at where it was given, or where it stood, by which comments find it. */
type Places = "given" | "kept";

/** What stands for what was written. */
interface Given {
  readonly value: Expression;
  readonly places: Places;
}

/** A file whose model expects nothing: what is expected of a model is not expected of another one. */
function withoutExpectations(file: File): File {
  const model = file.items.find((item) => item.kind === "model");
  const members = model?.members.filter(({ kind }) => kind !== "expect");
  if (model === undefined || members === undefined || members.length === model.members.length) return file;
  return { ...file, items: file.items.map((item) => (item === model ? { ...model, members } : item)) };
}

/** A spec's text with assignments in their places, in the one form that the language has; without any, as it was written. */
export function assignedSource(
  source: Source,
  texts: readonly string[],
): { readonly source: Source; readonly diagnostics: readonly Diagnostic[] } {
  if (texts.length === 0) return { source, diagnostics: [] };
  const { file, comments } = parse(source);
  const assigned = assign(file, texts, "kept");
  return { source: createSource(source.name, formatFile(assigned.file, comments)), diagnostics: assigned.diagnostics };
}

type Assigned =
  | { readonly kind: "file"; readonly file: File }
  | { readonly kind: "refused"; readonly diagnostic: Diagnostic };

function assignOne(file: File, { path, value }: Assignment, places: Places): Assigned {
  const given: Given = { value, places };
  const [first, second, third, ...others] = path;
  if (first === undefined || others.length > 0) return refuse(path, null);
  if (second === undefined) return assignLet(file, path, first, value);
  if (first.text === "model") return assignInModel(file, path, second, third ?? null, given);
  const block = blockNames.find((name) => name === first.text);
  if (block !== undefined) return assignInBlock(file, block, path, second, third ?? null, given);
  return refuse(path, didYouMean(first.text, [...blockNames, "model"]));
}

const blockNames: readonly SettingsName[] = ["train", "data", "eval"];

/** A `let` of the file. */
function assignLet(file: File, path: readonly Name[], { text }: Name, value: Expression): Assigned {
  const items = file.items.map((item) =>
    item.kind === "file-let" && item.name.text === text ? { ...item, value } : item,
  );
  const isThere = items.some((item, index) => item !== file.items[index]);
  return isThere ? { kind: "file", file: { ...file, items } } : refuse(path, didYouMean(text, letNames(file)));
}

function letNames({ items }: File): readonly string[] {
  return items.flatMap((item) => (item.kind === "file-let" ? [item.name.text] : []));
}

function refuse(path: readonly Name[], help: Help | null): Assigned {
  return { kind: "refused", diagnostic: reportPath("unknown-path", path, help) };
}

function reportPath(key: "unknown-path" | "expectations-left", path: readonly Name[], help: Help | null): Diagnostic {
  const [first, ...others] = path;
  const last = others.at(-1) ?? first;
  if (first === undefined || last === undefined) throw new Error("invariant: a path has a name");
  const span = { ...first.span, end: last.span.end };
  return report(key, span, { path: path.map(({ text }) => text).join(".") }, { help });
}

function assignInBlock(
  file: File,
  blockName: SettingsName,
  path: readonly Name[],
  name: Name,
  argument: Name | null,
  given: Given,
): Assigned {
  const block = file.items.find((item) => item.kind === "settings" && item.block === blockName);
  const entries = block?.kind === "settings" ? block.entries : [];
  const entry = entries.find((each) => each.name.text === name.text);
  if (argument !== null) {
    if (entry === undefined) return refuse(path, `the spec has no \`${blockName}.${name.text}\`: set it as a whole`);
    return withEntry(file, blockName, { ...entry, value: withArgument(callOf(entry.value), argument, given) });
  }
  const { value } = given;
  if (entry !== undefined) return withEntry(file, blockName, { ...entry, value });
  const owner = blockName === "train" ? callWith(name.text) : undefined;
  if (owner === undefined) return withEntry(file, blockName, { name, value, span: name.span });
  const { span } = name;
  const call = entries.find((each) => each.name.text === owner.setting) ?? {
    name: { text: owner.setting, span },
    value: { kind: "name", text: owner.otherwise, span },
    span,
  };
  return withEntry(file, blockName, { ...call, value: withArgument(callOf(call.value), name, given) });
}

/** The setting of the `train` block whose call has an argument. */
function callWith(argument: string): (typeof trainCalls)[number] | undefined {
  return trainCalls.find((call) => call.arguments.some((name) => name === argument));
}

/** A file with a setting in the place of the one that has its name, or at the end of the block, which is made if need be. */
function withEntry(file: File, blockName: SettingsName, entry: Setting): Assigned {
  // Comments are told from their places which setting they belong to.
  const placed = (at: number): Setting => ({ ...entry, span: { ...file.span, start: at, end: at } });
  const replaced = ({ entries, span }: SettingsBlock): readonly Setting[] =>
    entries.some((each) => each.name.text === entry.name.text)
      ? entries.map((each) => (each.name.text === entry.name.text ? entry : each))
      : [...entries, placed(span.end - 1)];
  const isBlock = (item: File["items"][number]): item is SettingsBlock =>
    item.kind === "settings" && item.block === blockName;
  const last = placed(file.span.end);
  const added: readonly SettingsBlock[] = file.items.some(isBlock)
    ? []
    : [{ kind: "settings", block: blockName, amends: false, entries: [last], removals: [], span: last.span }];
  const items = file.items.map((item) => (isBlock(item) ? { ...item, entries: replaced(item) } : item));
  return { kind: "file", file: { ...file, items: [...items, ...added] } };
}

/** `adamw` stands for `adamw()`. */
function callOf(value: Expression): Call {
  return value.kind === "call" ? value : { kind: "call", callee: value, arguments: [], span: value.span };
}

function withArgument(call: Call, name: Name, { value, places }: Given): Call {
  const argument: Argument = { name, value, span: joinSpans(name.span, value.span) };
  const isNamed = call.arguments.some((each) => each.name?.text === name.text);
  const all = isNamed
    ? call.arguments.map((each) => {
        if (each.name?.text !== name.text) return each;
        return places === "given" ? argument : { ...each, value };
      })
    : [...call.arguments, argument];
  return { ...call, arguments: all };
}

function assignInModel(file: File, path: readonly Name[], name: Name, argument: Name | null, given: Given): Assigned {
  const model = file.items.find((item) => item.kind === "model");
  if (model === undefined) return refuse(path, "the spec has no model");
  const members = model.members.map((member) => changed(member, name, argument, given) ?? member);
  if (members.every((member, index) => member === model.members[index])) {
    if (argument === null && letNames(file).includes(name.text))
      return refuse(path, `\`${name.text}\` is a \`let\` of the file: write \`${name.text} = ...\``);
    return refuse(path, didYouMean(path.map(({ text }) => text).join("."), pathsOf(model, argument)));
  }
  const items = file.items.map((item) => (item === model ? { ...model, members } : item));
  return { kind: "file", file: { ...file, items } };
}

/** A member of a model with another value; null where the path does not lead to it. */
function changed(member: ModelMember, name: Name, argument: Name | null, given: Given): ModelMember | null {
  if (nameOf(member) !== name.text) return null;
  switch (member.kind) {
    case "head-let":
    case "metric":
      return argument === null ? { ...member, value: given.value } : null;
    case "encoder":
    case "part":
      return argument === null ? null : { ...member, module: withArgument(member.module, argument, given) };
    case "input":
      return argument === null ? null : { ...member, source: withArgument(member.source, argument, given) };
    case "placement":
      return argument === null ? null : { ...member, adapter: withArgument(member.adapter, argument, given) };
    case "param":
      return argument === null ? { ...member, initial: given.value } : null;
    case "optional-buffer":
    case "freeze-rule":
    case "parameter-group":
    case "loss-use":
    case "expect":
    case "addition":
    case "removal":
      return null;
  }
}

/** By what a path calls a member of a model. */
function nameOf(member: ModelMember): string | null {
  if (member.kind === "placement") return calleeName(member.adapter);
  if (member.kind === "optional-buffer") return null;
  return "name" in member ? member.name.text : null;
}

/** The paths into a model with or without an argument, as suggestions. */
function pathsOf({ members }: ModelDeclaration, argument: Name | null): readonly string[] {
  return members.flatMap((member) => {
    const name = nameOf(member);
    const hasArguments = member.kind !== "head-let" && member.kind !== "metric" && member.kind !== "param";
    if (name === null || hasArguments !== (argument !== null)) return [];
    return [argument === null ? `model.${name}` : `model.${name}.${argument.text}`];
  });
}
