import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A package's folder in a path of one of its files: `node_modules/@huggingface/tokenizers`. */
const packageFolder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/;

/**
 * Writes the licences of all packages that bundles are made of, as these ask of who passes them on. Takes what esbuild says of
 * its bundles. A package that has no licence's text is named with its licence.
 */
export function writeLicences(root, file, metafiles) {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const folders = new Set(inputs.flatMap((input) => packageFolder.exec(input)?.[0] ?? []));
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license, author } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const by = typeof author === "string" ? author : author?.name;
    const licence = readdirSync(join(root, folder)).find((each) => /^licen[cs]e(\.|$)/i.test(each));
    const text = licence === undefined ? "" : `\n${readFileSync(join(root, folder, licence), "utf8").trim()}\n`;
    return `${name} ${version}, ${license}${by === undefined ? "" : `, ${by}`}\n${text}`;
  });
  writeFileSync(file, `medctc contains these packages, under these licences.\n\n${texts.join("\n----\n\n")}`);
}
