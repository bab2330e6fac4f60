import { at } from "../../../at.ts";
import { failed, ok, type Problem, type Result } from "../../../text/index.ts";
import { memberPath } from "../../archive-member.ts";
import type { DatasetNeeds, Labels, SplitName } from "../../dataset.ts";
import { type Fault, fault, problemOf } from "../../problem.ts";
import { quoted, quotedList } from "../../quoted.ts";
import { fileExtensions, type Manifest, textExtensions } from "./manifest.ts";
import { type ExampleRecord, labelIn, noRecord, parseRecord } from "./record.ts";
import type { ShardExample, ShardMember } from "./scan-shard.ts";

/** Files that may be an example's only one, and so need no name. */
const fileKinds = /(^|\.)(npy|jpe?g|png|webp|nii|nii\.gz)$/;

/** What an example says of itself; all other members and texts can be forgotten. */
export interface ReadExample {
  readonly record: Result<ExampleRecord>;
  readonly name: string;
  /** Null where it says nothing of splits. */
  readonly splits: readonly SplitName[] | null;
}

/** The name is what shards of ours say; in those of others a field of that name may say anything, and the key tells examples apart. */
export function readExample({ key, members }: ShardExample, manifest: Manifest | null): ReadExample {
  const member = members.get("json");
  const record = member === undefined ? ok(noRecord) : recordIn(member);
  const fields = record.kind === "ok" ? record.value.fields : noRecord.fields;
  const name = manifest === null ? null : fields.get("name");
  const split = fields.get("split");
  return {
    record,
    name: typeof name === "string" && name !== "" ? name : key,
    splits: split === "train" || split === "valid" ? [split] : split === null ? [] : null,
  };
}

function recordIn(member: ShardMember): Result<ExampleRecord> {
  const text = textIn(member);
  const record = text.kind === "ok" ? parseRecord(text.value) : text;
  return record.kind === "ok" ? record : failed(problemOf(memberPath(member), record.problem));
}

function textIn({ content }: ShardMember): Result<string, Fault> {
  try {
    return ok(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content ?? new Uint8Array()));
  } catch {
    return failed(fault("it is not UTF-8"));
  }
}

/** The members that files are needed of, in the order of the needs. */
export function filesOf(
  { members }: ShardExample,
  needed: DatasetNeeds["files"],
  manifest: Manifest | null,
): Result<readonly ShardMember[], Fault> {
  const found: ShardMember[] = [];
  for (const column of needed) {
    const extensions = manifest === null ? foreignFile([...members.keys()], column) : packedFile(manifest, column);
    if (extensions.kind === "failed") return extensions;
    const [member] = extensions.value.flatMap((extension) => members.get(extension) ?? []);
    if (member === undefined) return failed(fault(`it has no member ${quotedList(extensions.value)}`));
    found.push(member);
  }
  return ok(found);
}

/** The names that the member of a file may have. */
function packedFile(manifest: Manifest, column: string | null): Result<readonly string[], Fault> {
  const { files } = manifest;
  const place = files.indexOf(column);
  if (place >= 0) return ok(fileExtensions(manifest, place));
  const others = quotedList(files.map((file) => file ?? "volume"));
  return failed(fault(`its shards have no files of ${quoted(column ?? "volume")}, only of ${others}`, packHelp));
}

const packHelp = "write the shards with `medctc data pack` and this spec";

/** The member of a shard of others: the one that is a file, or the one that is named. */
function foreignFile(extensions: readonly string[], column: string | null): Result<readonly string[], Fault> {
  const kinds = extensions.filter((extension) => fileKinds.test(extension));
  const wanted = column?.toLowerCase() ?? null;
  const fitting =
    wanted === null ? kinds : kinds.filter((kind) => kind === wanted || kind.slice(0, kind.indexOf(".")) === wanted);
  const [first, second] = fitting;
  const others = extensions.length === 0 ? "" : `: its members are ${quotedList(extensions)}`;
  if (first === undefined)
    return failed(fault(`it has no file${column === null ? "" : ` ${quoted(column)}`}${others}`));
  if (second === undefined) return ok([first]);
  return failed(fault(`it has several files${others}`, `name one: \`volume(column = "${first}")\``));
}

/** The text that is needed: of the columns, or the only one. */
export function textOf(
  example: ShardExample,
  record: ExampleRecord,
  columns: readonly string[] | null,
  separator: string | null,
  manifest: Manifest | null,
): Result<string, Fault> {
  const found =
    manifest === null
      ? foreignText(example, record, columns, separator ?? " ")
      : packedText(example, columns, manifest);
  if (found.kind === "failed") return found;
  return found.value.trim() === "" ? failed(fault("its text is empty")) : found;
}

function packedText(
  { members }: ShardExample,
  columns: readonly string[] | null,
  { texts }: Manifest,
): Result<string, Fault> {
  const wanted = JSON.stringify(columns);
  const place = texts.findIndex((text) => JSON.stringify(text) === wanted);
  if (place < 0) return failed(fault(`its shards have no texts of ${columns?.join(", ") ?? "the report"}`, packHelp));
  const extension = at(textExtensions(texts.length), place);
  const member = members.get(extension);
  return member === undefined ? failed(fault(`it has no member ${quoted(extension)}`)) : textIn(member);
}

/** The `KEY.txt`, or fields of the `KEY.json`, with the separator between several. */
function foreignText(
  { members }: ShardExample,
  { fields }: ExampleRecord,
  columns: readonly string[] | null,
  separator: string,
): Result<string, Fault> {
  const parts: string[] = [];
  for (const column of columns ?? ["txt"]) {
    const field = columns === null ? null : fields.get(column);
    const member = members.get(column.toLowerCase()) ?? members.get(`${column.toLowerCase()}.txt`);
    const text = typeof field === "string" ? ok(field) : member === undefined ? null : textIn(member);
    if (text === null) return failed(fault(`it has no text ${quoted(column)}`));
    if (text.kind === "failed") return text;
    parts.push(text.value);
  }
  return ok(parts.filter((part) => part.trim() !== "").join(separator));
}

/** The labels of some classes, or of those that are there. */
export function labelsOf(record: ExampleRecord, wanted: readonly string[] | "any"): Result<Labels, Fault> {
  const labels = new Map<string, boolean | null>();
  for (const name of wanted === "any" ? record.labels.keys() : wanted) {
    const label = labelIn(record, name);
    if (label.kind === "failed") return label;
    labels.set(name, label.value);
  }
  return ok(labels);
}

/** The subject of what is wrong with an example. */
export function exampleProblem(shard: string, key: string, wrong: Fault): Problem {
  return problemOf(memberPath({ path: shard, name: key }), wrong);
}
