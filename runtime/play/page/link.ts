import * as v from "valibot";

/** A spec in a link, with those of the reader's own files that it imports. */
export interface LinkedSpec {
  readonly path: string;
  readonly text: string;
  readonly files: Readonly<Record<string, string>>;
}

/** Characters of a link's fragment that are written and read; browsers and chats keep links of that length. */
const linkLimit = 32_000;
/** Bytes that a fragment may unpack to: more than any spec has, and less than a page notices. */
const unpackedLimit = 512 * 1024;

const mark = "spec=";

const linked = v.strictObject({
  path: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  text: v.string(),
  // Pairs, since Valibot's records leave out names such as `constructor`.
  files: v.optional(
    v.pipe(
      v.array(v.tuple([v.string(), v.string()])),
      v.transform((pairs): LinkedSpec["files"] => Object.fromEntries(pairs)),
    ),
    [],
  ),
});

/** What a fragment says: a spec, the path of one that comes with the page, nothing, or something that it may not. */
export type ReadLink =
  | { readonly kind: "spec"; readonly spec: LinkedSpec }
  | { readonly kind: "bundled"; readonly path: string }
  | { readonly kind: "none" }
  | { readonly kind: "wrong"; readonly why: string };

/** A fragment that has all of a spec: raw DEFLATE in base64url; null for one that would be too long. It never reaches a server. */
export async function fragmentOf(spec: LinkedSpec): Promise<string | null> {
  const hasFiles = Object.keys(spec.files).length > 0;
  const json = JSON.stringify({
    path: spec.path,
    text: spec.text,
    ...(hasFiles ? { files: Object.entries(spec.files) } : {}),
  });
  const bytes = new TextEncoder().encode(json);
  if (bytes.length > unpackedLimit) return null;
  const packed = await readAll(
    new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw")),
    Number.POSITIVE_INFINITY,
  );
  const fragment = `${mark}${base64Of(packed ?? new Uint8Array())}`;
  return fragment.length > linkLimit ? null : fragment;
}

/** Reads a fragment, which anyone may have made: nothing in it is unpacked beyond a limit or trusted to be what it should. */
export async function readFragment(fragment: string): Promise<ReadLink> {
  const [, path] = /^open=([A-Za-z0-9_./-]{1,200})$/.exec(fragment) ?? [];
  if (path !== undefined) return { kind: "bundled", path };
  if (!fragment.startsWith(mark)) return { kind: "none" };
  const code = fragment.slice(mark.length);
  if (fragment.length > linkLimit) return wrong(`it has more than ${linkLimit} characters`);
  if (!/^[A-Za-z0-9_-]*$/.test(code)) return wrong("it has characters that no link has");
  try {
    const bytes = bytesOf(code);
    const unpacked = await readAll(
      new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")),
      unpackedLimit,
    );
    if (unpacked === null) return wrong("it unpacks to more than a spec has");
    const parsed = v.safeParse(linked, JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(unpacked)));
    return parsed.success ? { kind: "spec", spec: parsed.output } : wrong("it does not hold a spec");
  } catch {
    // Damaged DEFLATE, UTF-8 or JSON: a link that was cut off has any of them.
    return wrong("it is damaged or cut off");
  }
}

function wrong(why: string): ReadLink {
  return { kind: "wrong", why };
}

/** All bytes of a stream; null where there are more than a limit, of which no more are read. */
async function readAll(stream: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array | null> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > limit) {
      await reader.cancel();
      return null;
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function base64Of(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function bytesOf(code: string): Uint8Array<ArrayBuffer> {
  const binary = atob(code.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
