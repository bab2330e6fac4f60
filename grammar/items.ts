import type * as ast from "./ast.ts";
import { duplicates } from "./duplicates.ts";
import { MemberReader, startsRemoval } from "./members.ts";
import type { Chunk } from "./outline.ts";
import type { Span } from "./source.ts";
import * as t from "./tokens.ts";

const k = t.keywords;

/** Reads what stands at the top of a file. */
export class FileReader extends MemberReader {
  items(chunks: readonly Chunk[]): readonly ast.Item[] {
    return chunks.flatMap((chunk) => this.item(chunk) ?? []);
  }

  private item(chunk: Chunk): ast.Item | null {
    const { span } = chunk;
    switch (chunk.head[0]?.tokenType) {
      case k.import:
        return this.plain(chunk, (rules) => rules.importItem(), "an import");
      case k.let:
        return this.plain(chunk, (rules) => rules.fileLet(), "a `let`");
      case k.roles: {
        const family = this.read(chunk, (rules) => rules.rolesHead());
        const tokens = this.bodyOf(chunk, "a family of roles").flatMap(({ head }) => head);
        const roles = this.readTokens(tokens, (rules) => rules.roleList());
        return family === null || roles === null ? null : { kind: "roles", family, roles, span };
      }
      case k.function:
      case k.loss: {
        const kind = chunk.head[0].tokenType === k.loss ? "loss" : "function";
        const signature = this.read(chunk, (rules) => (kind === "loss" ? rules.lossHead() : rules.functionHead()));
        const body = this.returningBody(chunk, `a ${kind}`, span);
        return signature === null ? null : { kind, ...signature, body, span };
      }
      case k.module: {
        const signature = this.read(chunk, (rules) => rules.moduleHead());
        const members = this.moduleMembers(chunk, "a module", signature?.name ?? null);
        return signature === null ? null : { kind: "module", ...signature, members, span };
      }
      case k.adapter: {
        const signature = this.read(chunk, (rules) => rules.adapterHead());
        const members = this.moduleMembers(chunk, "an adapter", signature?.name ?? null);
        return signature === null ? null : { kind: "adapter", ...signature, members, span };
      }
      case k.model: {
        const head = this.read(chunk, (rules) => rules.modelHead());
        const members = this.modelMembers(this.bodyOf(chunk, "a model"));
        return head === null ? null : { kind: "model", ...head, members, span };
      }
      case k.train:
        return this.settings(chunk, "train", span);
      case k.data:
        return this.settings(chunk, "data", span);
      case k.eval:
        return this.settings(chunk, "eval", span);
      default:
        this.misplaced(
          "a declaration (`import`, `let`, `roles`, `function`, `module`, `adapter`, `loss`, `model`, `train`, `data` or `eval`)",
          chunk,
        );
        return null;
    }
  }

  private settings(chunk: Chunk, block: ast.SettingsName, span: Span): ast.SettingsBlock | null {
    const head = this.read(chunk, (rules) => rules.settingsHead());
    const entries: ast.Setting[] = [];
    const removals: ast.Removal[] = [];
    for (const entry of this.bodyOf(chunk, `\`${block}\``)) {
      if (startsRemoval(entry)) {
        const removal = this.plain(entry, (rules) => rules.removal("settings"), "a `remove`");
        if (removal !== null) removals.push(removal);
      } else {
        const setting = this.plain(entry, (rules) => rules.setting(), "a setting");
        if (setting !== null) entries.push(setting);
      }
    }
    this.reportAll(duplicates([...entries.map(({ name }) => name), ...removals.flatMap(({ names }) => names)]));
    return head === null ? null : { kind: "settings", block, ...head, entries, removals, span };
  }
}
