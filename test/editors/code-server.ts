import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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
const options = [
  ...["--user-data-dir", join(folder, "user"), "--extensions-dir", join(folder, "extensions")],
  ...["--config", join(folder, "config.yaml"), "--auth", "none", "--disable-telemetry", "--disable-update-check"],
  ...["--disable-workspace-trust", "--disable-getting-started-override"],
];

function writeWorkspace(): void {
  mkdirSync(join(workspace, "node_modules/.bin"), { recursive: true });
  symlinkSync(resolve("dist/medctc.js"), join(workspace, "node_modules/.bin/medctc"));
  copyFileSync("specs/medct-small.vlm", join(workspace, "right.vlm"));
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

/** Waits until an expression is true in the page. */
async function until(tab: Tab, what: string, expression: string, seconds = 40): Promise<void> {
  for (let second = 0; second < seconds * 2; second++) {
    if ((await tab.evaluate(`Boolean(${expression})`)) === true) {
      print(`fine   ${what}`);
      return;
    }
    await wait(500);
  }
  print(`WRONG  ${what}`);
  await look(tab, "wrong");
  process.exitCode = 1;
}

async function press(tab: Tab, key: string, code: string, number: number, modifiers = 0): Promise<void> {
  for (const type of ["rawKeyDown", "keyUp"]) {
    await tab.send("Input.dispatchKeyEvent", { type, key, code, windowsVirtualKeyCode: number, modifiers });
  }
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
  for (const stream of [server.stdout, server.stderr]) stream?.on("data", (data) => (said += String(data)));
  while (!said.includes("HTTP server listening")) {
    if (server.exitCode !== null) throw new Error(said);
    await wait(200);
  }
  const chromium = findChromium();
  if (chromium.kind === "missing") throw new Error(chromium.why);
  const browser = new Browser(chromium);
  try {
    const at = (file: string): string => {
      const payload = JSON.stringify([["openFile", `vscode-remote://127.0.0.1:${port}${join(workspace, file)}`]]);
      return `http://127.0.0.1:${port}/?folder=${workspace}&payload=${encodeURIComponent(payload)}`;
    };
    const view = { width: 1400, height: 900, scheme: "dark" };
    const tab = await browser.open(at("wrong.vlm"), view);
    await until(tab, "the spec is open", `document.querySelector(".view-lines")`);
    await until(tab, "its mistake is underlined", `document.querySelector(".squiggly-error")`);
    await look(tab, "wrong-spec");
    await press(tab, "F8", "F8", 119);
    await until(tab, "the mistake has its text", `/E504|vision.attn.kv/.test(document.body.innerText)`);
    await look(tab, "mistake");
  } finally {
    await browser.close();
    server.kill();
    writeFileSync(join(screenshots, "server.log"), said);
  }
}

try {
  await run();
} finally {
  cpSync(join(folder, "user/logs"), join(screenshots, "logs"), { recursive: true });
  rmSync(folder, { recursive: true, force: true });
}
