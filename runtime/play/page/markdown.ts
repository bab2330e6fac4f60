import { element } from "./elements.ts";

/** Markdown of the kinds that the compiler's hovers have: paragraphs, lists of one level, code in a line, and bold text. */
export function renderMarkdown(text: string): readonly HTMLElement[] {
  return text.split(/\n{2,}/).flatMap((block): readonly HTMLElement[] => {
    const lines = block.split("\n").filter((line) => line.trim() !== "");
    if (lines.length === 0) return [];
    const isList = lines.every((line) => line.startsWith("- "));
    if (isList) return [element("ul", {}, ...lines.map((line) => element("li", {}, ...inline(line.slice(2)))))];
    return [
      element("p", {}, ...lines.flatMap((line, index) => [...(index === 0 ? [] : [element("br")]), ...inline(line)])),
    ];
  });
}

function inline(text: string): readonly (Node | string)[] {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((piece) => {
    if (piece.length > 2 && piece.startsWith("`")) return element("code", {}, piece.slice(1, -1));
    if (piece.length > 4 && piece.startsWith("**")) return element("strong", {}, piece.slice(2, -2));
    return piece.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
  });
}
