import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import * as v from "valibot";

/** One line of `medctc watch --json`, as far as tests look at it. */
const compileSchema = v.object({
  changed: v.array(v.string()),
  compiles: v.boolean(),
  isGood: v.boolean(),
  diagnostics: v.array(v.object({ code: v.string() })),
  summary: v.nullable(v.object({ totals: v.object({ trainable: v.number() }) })),
  lastGood: v.nullable(v.object({ totals: v.object({ trainable: v.number() }) })),
  comparison: v.nullable(v.object({ isEqual: v.boolean(), counts: v.array(v.object({ name: v.string() })) })),
});

type Compile = v.InferOutput<typeof compileSchema>;

/** A folder with files that are saved as editors do. */
export class SpecFolder {
  readonly root = mkdtempSync(join(tmpdir(), "medctc-watch-"));
  private saved = 0;

  path(name: string): string {
    return join(this.root, name);
  }

  /** Writes into the file itself. */
  write(name: string, text: string): string {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  /** Writes another file and renames it over the old one. */
  rename(name: string, text: string): void {
    const written = this.path(`.${name}.${this.saved++}`);
    writeFileSync(written, text);
    renameSync(written, this.path(name));
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}

/** `medctc watch` in a process of its own. */
export class Watching {
  private readonly child;
  private out = "";
  private err = "";
  private readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;

  constructor(...words: readonly string[]) {
    const program = resolve("dist/medctc.js");
    this.child = spawn(process.execPath, [program, "watch", ...words], { stdio: ["ignore", "pipe", "pipe"] });
    this.child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.out += text;
    });
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.err += text;
    });
    this.ended = new Promise((keep) => {
      this.child.once("close", (code) => keep({ code, out: this.out, err: this.err }));
    });
  }

  /** What was printed of compilations until now, for `--json`. */
  compiles(): readonly Compile[] {
    const lines = this.out.split("\n").slice(0, -1);
    return lines.map((line) => v.parse(compileSchema, JSON.parse(line)));
  }

  /** The compilation of that number, once it has been printed. */
  async compile(number: number): Promise<Compile> {
    await this.until(() => this.compiles().length > number, `compilation ${number}`);
    const found = this.compiles()[number];
    if (found === undefined) throw new Error("invariant: it was printed");
    return found;
  }

  /** Waits for a line on standard output. */
  says(what: string): Promise<void> {
    return this.until(() => this.out.includes(what), what);
  }

  async stop(signal: "SIGINT" | "SIGTERM" = "SIGINT") {
    this.child.kill(signal);
    return await this.ended;
  }

  private async until(holds: () => boolean, what: string): Promise<void> {
    const end = performance.now() + 20_000;
    while (!holds()) {
      if (performance.now() > end || this.child.exitCode !== null) {
        throw new Error(`${what} did not come\n${this.out}${this.err}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}
