import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import * as v from "valibot";
import { findChromium } from "../browser/chromium.ts";
import { Browser, type Tab } from "../browser/devtools.ts";
import { print } from "../print.ts";

/**
 * The extension in VS Code itself: code-server serves its workbench, and Chromium opens that. The extension is installed from the
 * .vsix that `npm run extension` packs; a workspace has medctc in its node_modules, a spec with a mistake, and a page of Markdown.
 * Arguments: a Node that code-server runs on, its `out/node/entry.js`, the .vsix, and a folder for screenshots.
 */
const [node = "", entry = "", vsix = "", screenshots = "."] = process.argv.slice(2);
const screenshot = v.object({ data: v.string() });
const folder = mkdtempSync(join(tmpdir(), "medctc-vscode-"));
const workspace = join(folder, "work");
/** Another one, without medctc. */
const empty = join(folder, "empty");
const options = [
  ...["--user-data-dir", join(folder, "user"), "--extensions-dir", join(folder, "extensions")],
  ...["--config", join(folder, "config.yaml"), "--auth", "none", "--disable-telemetry", "--disable-update-check"],
  ...["--disable-workspace-trust", "--disable-getting-started-override"],
];

function writeWorkspace(): void {
  mkdirSync(join(workspace, "node_modules/.bin"), { recursive: true });
  symlinkSync(resolve("dist/medctc.js"), join(workspace, "node_modules/.bin/medctc"));
  mkdirSync(empty);
  for (const each of [workspace, empty]) copyFileSync("specs/medct-small.vlm", join(each, "right.vlm"));
  const text = readFileSync("specs/medct-small.vlm", "utf8").replace(
    "on vision.attn.qkv, text",
    "on vision.attn.v, text",
  );
  writeFileSync(join(workspace, "wrong.vlm"), text);
  writeFileSync(join(workspace, "page.md"), `# A page\n\n\`\`\`vlm\n${text}\`\`\`\n`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function look(tab: Tab, name: string): Promise<void> {
  const { data } = v.parse(screenshot, await tab.send("Page.captureScreenshot"));
  writeFileSync(join(screenshots, `${name}.png`), Buffer.from(data, "base64"));
}

function report(what: string, holds: boolean): void {
  print(`${holds ? "fine " : "WRONG"}  ${what}`);
  if (!holds) process.exitCode = 1;
}

/** Waits until an expression is true in the page. */
async function until(tab: Tab, what: string, expression: string, seconds = 40): Promise<void> {
  for (let second = 0; second < seconds * 2; second++) {
    if ((await tab.evaluate(`Boolean(${expression})`)) === true) {
      report(what, true);
      return;
    }
    await wait(500);
  }
  report(what, false);
  await look(tab, what.replaceAll(" ", "-"));
}

const control = 2;

async function press(tab: Tab, key: string, number: number, modifiers = 0): Promise<void> {
  const code = key.length === 1 ? `Key${key.toUpperCase()}` : key;
  for (const type of ["rawKeyDown", "keyUp"]) {
    await tab.send("Input.dispatchKeyEvent", { type, key, code, windowsVirtualKeyCode: number, modifiers });
  }
  await wait(300);
}

async function write(tab: Tab, text: string): Promise<void> {
  await tab.send("Input.insertText", { text });
  await wait(1000);
  await press(tab, "Enter", 13);
}

/** Runs a command from the palette, where others may stand before it. */
async function command(tab: Tab, title: string, before = 0): Promise<void> {
  await press(tab, "F1", 112);
  await tab.send("Input.insertText", { text: title });
  await wait(1000);
  for (let row = 0; row < before; row++) await press(tab, "ArrowDown", 40);
  await press(tab, "Enter", 13);
}

/** Puts the cursor behind a text of the spec that is open. */
async function goBehind(tab: Tab, spec: string, text: string): Promise<void> {
  const before = spec.slice(0, spec.indexOf(text) + text.length).split("\n");
  await press(tab, "g", 71, control);
  await write(tab, `${before.length}:${(before.at(-1) ?? "").length + 1}`);
}

/** The processes of the language server that run from here. */
function servers(): readonly string[] {
  const program = resolve("dist/medctc.js");
  const { stdout } = spawnSync("ps", ["axww", "-o", "pid=,args="], { encoding: "utf8" });
  const found = stdout
    .split("\n")
    .filter((line) => line.includes(`${program} lsp`) && line.includes("clientProcessId"));
  return found.map((line) => line.trim().split(" ")[0] ?? "");
}

const page = "document.body.innerText.replaceAll('\\u00a0', ' ')";

async function openAll(open: (folder: string, file: string) => Promise<Tab>): Promise<void> {
  const wrong = await open(workspace, "wrong.vlm");
  await until(wrong, "a mistake is underlined", `document.querySelector(".squiggly-error")`);
  await press(wrong, "F8", 119);
  await until(wrong, "it has its text and its code", `/fused projection[^]*medctc\\(E504\\)/.test(${page})`);
  await look(wrong, "mistake");
  await wrong.close();

  const spec = readFileSync(join(workspace, "right.vlm"), "utf8");
  const right = await open(workspace, "right.vlm");
  await until(right, "the facts of the compiler stand behind the text", `/found 3,584/.test(${page})`);
  await goBehind(right, spec, "encoder visi");
  await press(right, "k", 75, control);
  await press(right, "i", 73, control);
  await until(
    right,
    "a hover shows",
    `/encoder vision/.test(document.querySelector(".monaco-hover-content")?.innerText)`,
  );
  await look(right, "hover");
  await goBehind(right, spec, "text.attn.");
  // Behind "Trigger Inline Suggestion".
  await command(right, "Trigger Suggest", 1);
  await until(right, "selectors complete", `/\\bqkv\\b/.test(document.querySelector(".suggest-widget")?.innerText)`);
  await look(right, "completion");
  const before = servers();
  await press(right, "Escape", 27);
  await command(right, "medctc: Restart");
  let after = servers();
  for (let second = 0; second < 40 && (after.length === 0 || after.some((each) => before.includes(each))); second++) {
    await wait(500);
    after = servers();
  }
  report(
    "the server starts anew",
    before.length > 0 && after.length > 0 && !after.some((each) => before.includes(each)),
  );
  await right.close();

  const markdown = await open(workspace, "page.md");
  const words = `[...document.querySelectorAll(".view-line span")].map((span) => span.textContent)`;
  await until(markdown, "code in Markdown is coloured", `${words}.includes("encoder")`);
  await look(markdown, "markdown");
  await markdown.close();

  const bare = await open(empty, "right.vlm");
  await until(
    bare,
    "without medctc it says what to do",
    `/no medctc in node_modules[^]*set medctc.command/.test(${page})`,
  );
  await look(bare, "missing");
  await bare.close();
}

async function run(): Promise<void> {
  writeWorkspace();
  const installed = spawnSync(node, [entry, ...options, "--install-extension", vsix], { encoding: "utf8" });
  print(installed.stdout.trim().split("\n").at(-1) ?? "");
  const port = await freePort();
  const server: ChildProcess = spawn(node, [entry, ...options, "--bind-addr", `127.0.0.1:${port}`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [server.stdout, server.stderr]) {
    stream?.on("data", (data) => {
      said += String(data);
    });
  }
  while (!said.includes("HTTP server listening")) {
    if (server.exitCode !== null) throw new Error(said);
    await wait(200);
  }
  const chromium = findChromium();
  if (chromium.kind === "missing") throw new Error(chromium.why);
  const browser = new Browser(chromium);
  try {
    await openAll(async (inside, file) => {
      const payload = JSON.stringify([["openFile", `vscode-remote://127.0.0.1:${port}${join(inside, file)}`]]);
      const address = `http://127.0.0.1:${port}/?folder=${inside}&payload=${encodeURIComponent(payload)}`;
      const tab = await browser.open(address, { width: 1400, height: 900, scheme: "dark" });
      // As a window in front: what pops up in an editor closes when that loses the focus.
      await tab.send("Emulation.setFocusEmulationEnabled", { enabled: true });
      return tab;
    });
  } finally {
    await browser.close();
    server.kill();
  }
}

try {
  await run();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
