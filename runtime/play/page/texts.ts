import * as v from "valibot";

const files = v.record(v.string(), v.string());

/** What `texts.json` beside the page has. */
const schema = v.object({
  bundled: files,
  own: files,
  manual: v.string(),
  /** The specs that can be opened, in the order of the menu; those that come with the program, then examples. */
  specs: v.array(v.object({ path: v.string(), group: v.string() })),
  /** What is open at first: one of the reader's own, or one of those. */
  start: v.object({ path: v.string(), isBundled: v.boolean() }),
});

export type PageTexts = v.InferOutput<typeof schema>;

/** The texts that come with the page. */
export async function loadTexts(): Promise<PageTexts> {
  const response = await fetch(new URL("texts.json", document.baseURI));
  if (!response.ok) throw new Error(`texts.json: status ${response.status}`);
  return v.parse(schema, await response.json());
}
