/** The first key that an object of a JSON text has twice, or null; `JSON.parse` would keep the last and say nothing. */
export function repeatedKey(json: string): string | null {
  const seen: Set<string>[] = [];
  let isKey = false;
  for (const match of json.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g)) {
    const [token] = match;
    switch (token) {
      case "{":
        seen.push(new Set());
        isKey = true;
        break;
      case "[":
        seen.push(new Set());
        isKey = false;
        break;
      case "}":
      case "]":
        seen.pop();
        isKey = false;
        break;
      case ",":
        isKey = true;
        break;
      case ":":
        isKey = false;
        break;
      default: {
        // In a list nothing is followed by a colon, so what is taken for a key there is none.
        if (!isKey || !/^\s*:/.test(json.slice(match.index + token.length, match.index + token.length + 64))) break;
        const keys = seen.at(-1);
        const key = String(JSON.parse(token));
        if (keys?.has(key) === true) return key;
        keys?.add(key);
      }
    }
  }
  return null;
}
