import type * as ast from "./ast.ts";
import { tokenSpan } from "./brackets.ts";
import { report } from "./diagnostics/index.ts";
import { duplicates } from "./duplicates.ts";
import type { Chunk } from "./outline.ts";
import type { Span } from "./source.ts";
import { StatementReader } from "./statement-reader.ts";
import * as t from "./tokens.ts";

const k = t.keywords;

/** Reads the bodies of modules, adapters and models. */
export class MemberReader extends StatementReader {
  protected moduleMembers(chunk: Chunk, what: string, name: ast.Name | null): readonly ast.ModuleMember[] {
    const chunks = this.bodyOf(chunk, what);
    const members = chunks.flatMap((member) => this.moduleMember(member) ?? []);
    const forwards = chunks.filter((chunk) => chunk.head[0]?.tokenType === k.forward);
    const onlyOnce = [...forwards, ...chunks.filter(saysPeft)];
    if (forwards.length === 0 && name !== null && !this.isBroken(chunk.span)) {
      this.diagnostics.push(report("missing-forward", name.span, { name: name.text }));
    }
    const names = onlyOnce.flatMap(({ head: [first] }) =>
      first === undefined ? [] : [{ text: first.image, span: tokenSpan(this.source, first) }],
    );
    this.reportAll([...duplicates(names), ...duplicates(members.flatMap(namesOf))]);
    return members;
  }

  private moduleMember(chunk: Chunk): ast.ModuleMember | null {
    switch (chunk.head[0]?.tokenType) {
      case k.let:
        return this.plain(chunk, (rules) => rules.letStatement(), "a `let`");
      case k.require:
        return this.plain(chunk, (rules) => rules.require(), "a `require`");
      case k.param:
      case k.buffer:
        return this.plain(chunk, (rules) => rules.param(), "a parameter");
      case k.part:
        return this.plain(chunk, (rules) => rules.part(), "a part");
      case k.forward: {
        const parameters = this.read(chunk, (rules) => rules.forwardHead());
        const body = this.returningBody(chunk, "`forward`", chunk.span);
        return parameters === null ? null : { kind: "forward", parameters, body, span: chunk.span };
      }
      case t.Identifier:
        if (saysShared(chunk)) return this.plain(chunk, (rules) => rules.param(), "a parameter");
        if (saysStorage(chunk, "optional")) return this.plain(chunk, (rules) => rules.optionalBuffer(), "a buffer");
        if (saysPeft(chunk)) return this.plain(chunk, (rules) => rules.peft(), "a `peft` clause");
        return this.misplacedMember(chunk);
      default:
        return this.misplacedMember(chunk);
    }
  }

  private misplacedMember(chunk: Chunk): null {
    this.misplaced("a member (`let`, `require`, `param`, `buffer`, `part` or `forward`)", chunk);
    return null;
  }

  protected modelMembers(chunks: readonly Chunk[]): readonly ast.ModelMember[] {
    const members = chunks.flatMap((chunk) => this.modelMember(chunk) ?? []);
    this.reportAll(duplicates(members.flatMap(namesOf)));
    return members;
  }

  private modelMember(chunk: Chunk): ast.ModelMember | null {
    switch (chunk.head[0]?.tokenType) {
      case k.encoder:
        return this.plain(chunk, (rules) => rules.encoder(), "an encoder");
      case k.let:
        return this.plain(chunk, (rules) => rules.headLet(), "a `let`");
      case k.param:
      case k.buffer:
        return this.plain(chunk, (rules) => rules.param(), "a parameter");
      case k.part:
        return this.plain(chunk, (rules) => rules.part(), "a part");
      case k.freeze:
      case k.train:
        return this.plain(chunk, (rules) => rules.freezeRule(), "a rule");
      case k.loss:
        return this.plain(chunk, (rules) => rules.lossUse(), "the use of a loss");
      case k.expect:
        return this.plain(chunk, (rules) => rules.expectation(), "an expectation");
      case t.Identifier:
        return this.named(chunk);
      default:
        this.misplaced(
          "`input`, `encoder`, `let`, `metric`, `param`, `part`, `freeze`, `train`, `group`, `loss`, `expect` or a placement (`lora(rank = 8) on ...`)",
          chunk,
        );
        return null;
    }
  }

  /** `input`, `metric`, `group`, `add` and `remove` are names everywhere else: a placement's adapter is followed by its arguments. */
  private named(chunk: Chunk): ast.ModelMember | null {
    const [first, ...rest] = chunk.head;
    if (t.startsGroup(chunk.head)) return this.group(chunk, chunk.head);
    if (saysShared(chunk)) return this.plain(chunk, (rules) => rules.param(), "a parameter");
    if (saysStorage(chunk, "optional")) return this.plain(chunk, (rules) => rules.optionalBuffer(), "a buffer");
    switch (rest[0]?.tokenType.isWord === true ? first?.image : undefined) {
      case "input":
        return this.plain(chunk, (rules) => rules.input(), "an input");
      case "metric":
        return this.plain(chunk, (rules) => rules.metric(), "a metric");
      case "remove":
        return this.plain(chunk, (rules) => rules.removal("model"), "a `remove`");
      case "add": {
        if (!t.startsGroup(rest)) return this.plain(chunk, (rules) => rules.addition(), "an addition");
        const member = this.group(chunk, rest);
        return member === null ? null : { kind: "addition", member, span: chunk.span };
      }
      default:
        return this.plain(chunk, (rules) => rules.placement(), "a placement");
    }
  }

  private group(chunk: Chunk, tokens: readonly t.Token[]): ast.ParameterGroup | null {
    const head = this.readTokens(tokens, (rules) => rules.groupHead());
    const settings = this.bodyOf(chunk, "a group").flatMap(
      (entry) => this.plain(entry, (rules) => rules.setting(), "a setting") ?? [],
    );
    this.reportAll(duplicates(settings.map(({ name }) => name)));
    // Without the `add` before it.
    const span = { ...chunk.span, start: tokens[0]?.startOffset ?? chunk.span.start };
    return head === null ? null : { kind: "parameter-group", ...head, settings, span };
  }

  /** The statements of a body that must give a value. */
  protected returningBody(chunk: Chunk, what: string, span: Span): readonly ast.Statement[] {
    const body = this.bodyOf(chunk, what);
    const statements = this.statements(body, "body");
    const returns = body.some(({ head }) => head[0]?.tokenType === k.return);
    if (chunk.body !== null && !returns && !this.isBroken(span))
      this.diagnostics.push(report("missing-return", span, { what }));
    return statements;
  }
}

/** Tells `remove steps` from a setting of that name. */
export function startsRemoval({ head: [first, second] }: Chunk): boolean {
  return first?.image === "remove" && second?.tokenType.isWord === true;
}

function namesOf(member: ast.ModuleMember | ast.ModelMember): readonly ast.Name[] {
  switch (member.kind) {
    case "let":
      return member.names;
    case "param":
    case "optional-buffer":
    case "part":
    case "input":
    case "encoder":
    case "head-let":
    case "metric":
      return [member.name];
    case "require":
    case "forward":
    case "peft":
    case "freeze-rule":
    case "parameter-group":
    case "placement":
    case "loss-use":
    case "expect":
    case "addition":
    case "removal":
      return [];
  }
}

/** `peft LOHA(...)`; `peft` is a name everywhere else. */
function saysPeft({ head: [first, second] }: Chunk): boolean {
  return first?.image === "peft" && second?.tokenType === t.Identifier;
}

/** `shared param`, `shared buffer` and `shared(group) param`; `shared` is a name everywhere else. */
function saysShared(chunk: Chunk): boolean {
  if (saysStorage(chunk, "shared")) return true;
  const [first, second] = chunk.head;
  const closes = closingParenthesis(chunk.head, 1);
  const storage = chunk.head[closes + 1]?.tokenType;
  if (first?.image !== "shared" || second?.tokenType !== t.LeftParenthesis || closes < 0) return false;
  return storage === k.param || storage === k.buffer;
}

/** The place of the parenthesis that closes the one at `from`; -1 where none does. */
function closingParenthesis(tokens: readonly t.Token[], from: number): number {
  let depth = 0;
  for (const [index, { tokenType }] of tokens.entries()) {
    if (index < from) continue;
    if (tokenType === t.LeftParenthesis) depth += 1;
    if (tokenType === t.RightParenthesis) depth -= 1;
    if (depth === 0) return index;
  }
  return -1;
}

/** `optional buffer`, and `shared param` or `shared buffer`; `shared` and `optional` are names everywhere else. */
function saysStorage({ head: [first, second] }: Chunk, word: "shared" | "optional"): boolean {
  return first?.image === word && (second?.tokenType === k.param || second?.tokenType === k.buffer);
}
