import { failed, ok, type Result } from "../../../text/index.ts";
import type { ArchiveMember } from "../../archive-member.ts";
import { type Fault, fault } from "../../problem.ts";
import { quoted } from "../../quoted.ts";
import { scanTar } from "../../readers/index.ts";
import { reasonOf } from "../../reasons.ts";

/** A member of an example, with its content where that is small and a text. */
export interface ShardMember extends ArchiveMember {
  readonly content: Uint8Array | null;
}

/** The members that share a key, by what their names have behind it. */
export interface ShardExample {
  readonly key: string;
  readonly members: ReadonlyMap<string, ShardMember>;
}

/** Bytes of a text or of a JSON; reports have some thousand. */
const largestText = 2 ** 20;

/**
 * The examples in a shard, in their order, joined as webdataset joins them: a key is everything before the first dot of a member's own
 * name, and what follows it, in lower case, says which member it is. Members without a dot, and those that webdataset keeps for itself
 * (`__NAME__`), belong to no example. Reads headers and texts.
 */
export function scanShard(path: string): Result<readonly ShardExample[], Fault> {
  const scan = scanned(path);
  if (scan.kind === "failed") return scan;
  const examples = new Map<string, Map<string, ShardMember>>();
  for (const { name, offset, bytes, content } of scan.value) {
    const place = placeOf(name);
    if (place === null) continue;
    const members = examples.get(place.key) ?? new Map<string, ShardMember>();
    if (members.has(place.extension)) return failed(fault(`its member ${quoted(name)} is there twice`));
    if (isText(place.extension) && content === null) {
      return failed(fault(`its member ${quoted(name)} has ${bytes} bytes, too many for a text`));
    }
    members.set(place.extension, { path, name, offset, bytes, content });
    examples.set(place.key, members);
  }
  return ok([...examples].map(([key, members]) => ({ key, members })));
}

function scanned(path: string): ReturnType<typeof scanTar> {
  try {
    return scanTar(path, (name, bytes) => bytes <= largestText && isText(placeOf(name)?.extension ?? ""));
  } catch (error) {
    return failed(fault(`it cannot be read: ${reasonOf(error)}`));
  }
}

function placeOf(name: string): { readonly key: string; readonly extension: string } | null {
  const base = name.lastIndexOf("/") + 1;
  const dot = name.indexOf(".", base);
  if (dot <= base || /^__[^/]*__(\/|$)/.test(name)) return null;
  return { key: name.slice(0, dot), extension: name.slice(dot + 1).toLowerCase() };
}

function isText(extension: string): boolean {
  return /(^|\.)(txt|json)$/.test(extension) || /^text\d+\.txt$/.test(extension);
}
