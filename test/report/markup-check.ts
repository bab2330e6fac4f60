const voids = new Set(["meta", "br", "hr", "img", "link", "input"]);

/** One element of a page. */
export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/**
 * The elements of a page, in order. Throws where one is not closed in its turn, where an attribute is not in double
 * quotes or stands twice, and where text has a character that markup begins with.
 */
export function readElements(html: string): readonly Element[] {
  const elements: Element[] = [];
  const open: string[] = [];
  const body = html.replace(/^<!doctype html>/, "").replace(/<style>[\s\S]*?<\/style>/, "<style></style>");
  const token =
    /<(?<close>\/?)(?<name>[a-zA-Z][\w-]*)(?<attributes>(?:\s[^<>"]*(?:"[^"<>]*")?)*?)(?<empty>\/?)>|(?<text>[^<>]+)/gy;
  let end = 0;
  for (const match of body.matchAll(token)) {
    end = match.index + match[0].length;
    const { close, name, attributes, empty, text } = match.groups ?? {};
    if (text !== undefined) {
      if (/&(?!(?:amp|lt|gt|quot|#39);)/.test(text)) throw new Error(`a bare ampersand: ${text.slice(0, 80)}`);
    } else if (name !== undefined && close === "/") {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing at ${match.index}`);
    } else if (name !== undefined) {
      elements.push({ name, attributes: readAttributes(attributes ?? "") });
      if (empty !== "/" && !voids.has(name)) open.push(name);
    }
  }
  if (end !== body.length) throw new Error(`no markup: ${body.slice(end, end + 80)}`);
  if (open.length > 0) throw new Error(`not closed: ${open.join(", ")}`);
  return elements;
}

function readAttributes(text: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  const rest = text.replace(/\s(?<name>[\w:-]+)="(?<value>[^"]*)"/g, (_, name: string, value: string) => {
    if (attributes.has(name)) throw new Error(`${name} stands twice`);
    attributes.set(name, value);
    return "";
  });
  if (rest.trim() !== "") throw new Error(`no attributes: ${rest}`);
  return attributes;
}
