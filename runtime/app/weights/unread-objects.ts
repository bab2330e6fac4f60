import type { UnreadType } from "../../weights/index.ts";

/** Types that are named; a trainer's checkpoint has a handful. */
const mostNamed = 8;

/** What a file has besides tensors and was left unread: `argparse.Namespace` (args), `numpy.dtype`. */
export function unreadObjects(types: readonly UnreadType[]): string {
  const named = types.slice(0, mostNamed).map(({ name, at }) => (at === null ? `\`${name}\`` : `\`${name}\` (${at})`));
  const more = types.length - named.length;
  return `left unread, not being tensors: ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
