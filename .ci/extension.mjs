import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { writeLicences } from "../runtime/setup/licences.mjs";
import { prepare } from "../runtime/setup/prepare.mjs";
import { installed, nodeOf, root } from "./nodes.mjs";

/**
 * Packs the extension of VS Code into a .vsix by vsce, as the Marketplace takes it, and opens that to see what is in it. vsce needs
 * Node 22: that and vsce come from npm's packages and stay in .cache. It asks nobody for a newer vsce, as it writes to no terminal.
 */
const vsceVersion = "4.1.0";
const source = "grammar/vscode";
const folder = join(root, ".cache/vscode/extension");
const manifest = JSON.parse(readFileSync(join(root, source, "package.json"), "utf8"));
const packed = join(root, `.cache/vscode/${manifest.name}-${manifest.version}.vsix`);

/** What stands in the extension as it stands here; its LICENSE is medctc's. */
const copied = [
  "README.md",
  "icon.svg",
  "language-configuration.json",
  "markdown.tmLanguage.json",
  "package.json",
  "vlm.tmLanguage.json",
];

/** Everything that the extension consists of. */
const files = [...copied, "LICENSE", "extension.cjs", "icon.png", "licences.txt"];

await prepare();
await stage();

const major = Number(process.versions.node.split(".")[0]);
const node = major >= 22 ? process.execPath : nodeOf(22);
const modules = installed(`vsce-${vsceVersion}`, [`@vscode/vsce@${vsceVersion}`], "@vscode/vsce/vsce");
if (node === null || modules === null) {
  if (process.env.CI) throw new Error("npm could not get vsce and Node 22");
  console.log(`not packed, for npm could not get vsce and Node 22; the extension is ${folder}`);
} else {
  rmSync(packed, { force: true });
  // The repository has no address of its own, which the files of an extension may name otherwise.
  const options = ["--no-dependencies", "--allow-missing-repository", "--out", packed];
  const vsce = join(modules, "@vscode/vsce/vsce");
  const { status, stdout, stderr } = spawnSync(node, [vsce, "package", ...options], { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`vsce ended with ${status}\n${stdout}${stderr}`);
  if (/WARNING/.test(stderr)) throw new Error(stderr);
  await open(modules);
  console.log(`${packed}: ${Math.ceil(statSync(packed).size / 1024)} KiB`);
  console.log(`install it with: code --install-extension ${packed}`);
}

/** Reads the package back: these files and no more, each as long as it was, and every path of package.json among them. */
async function open(modules) {
  const require = createRequire(join(modules, "index.js"));
  const yauzl = require(join(modules, "yauzl"));
  const zip = await new Promise((resolve, reject) => {
    yauzl.open(packed, (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  const sizes = new Map();
  await new Promise((resolve, reject) => {
    zip.on("entry", ({ fileName, uncompressedSize }) => sizes.set(fileName, uncompressedSize));
    zip.on("end", resolve);
    zip.on("error", reject);
  });
  // vsce names these two as the Marketplace does.
  const nameInside = (name) => ({ "README.md": "readme.md", LICENSE: "LICENSE.txt" })[name] ?? name;
  const expected = [
    "[Content_Types].xml",
    "extension.vsixmanifest",
    ...files.map((name) => `extension/${nameInside(name)}`),
  ];
  const found = [...sizes.keys()].sort();
  if (found.join() !== expected.sort().join()) throw new Error(`the package has ${found.join(", ")}`);
  for (const name of files) {
    const size = sizes.get(`extension/${nameInside(name)}`);
    if (name !== "README.md" && size !== statSync(join(folder, name)).size) throw new Error(`${name} was changed`);
  }
  for (const path of pathsIn(manifest)) {
    if (!sizes.has(`extension/${path}`)) throw new Error(`package.json names ${path}, which is not in the package`);
  }
}

/** Everything in package.json that is the path of a file. */
function pathsIn(value) {
  if (typeof value === "string")
    return /^(\.\/)?[\w.-]+\.(json|cjs|svg|png)$/.test(value) ? [value.replace("./", "")] : [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(pathsIn) : [];
}

/** Makes the folder of the extension: its client in one file, and what VS Code reads of the language. */
async function stage() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of copied) copyFileSync(join(root, source, name), join(folder, name));
  copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  const { build } = await import("esbuild");
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(source, "extension.ts")],
    outfile: join(folder, "extension.cjs"),
    bundle: true,
    // The editor itself.
    external: ["vscode"],
    format: "cjs",
    platform: "node",
    target: "node20",
    minify: true,
    legalComments: "none",
    metafile: true,
    logLevel: "warning",
  });
  writeLicences(root, join(folder, "licences.txt"), [metafile]);
  const { default: sharp } = await import("sharp");
  const icon = readFileSync(join(root, source, "icon.svg"));
  writeFileSync(join(folder, "icon.png"), await sharp(icon, { density: 288 }).resize(256, 256).png().toBuffer());
}
