const quote = 0x22;
const backslash = 0x5c;
const openers: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const closers: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/** How deep a JSON text is nested and how long its longest string is, found before anything is built from it. */
export function boundsOf(json: string): { readonly depth: number; readonly string: number } {
  let open = 0;
  let depth = 0;
  let string = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (openers.has(code)) depth = Math.max(depth, ++open);
    else if (closers.has(code)) open--;
    else if (code === quote) {
      const start = at + 1;
      for (at = start; at < json.length && json.charCodeAt(at) !== quote; at++) {
        if (json.charCodeAt(at) === backslash) at++;
      }
      string = Math.max(string, at - start);
    }
  }
  return { depth, string };
}
