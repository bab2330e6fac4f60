import { ProblemError } from "../text/index.ts";
import { type Automaton, automatonOf, type Effort, fitsFromStart, statesOf } from "./automaton.ts";
import { cut, readExpression } from "./expression.ts";
import { type Wrong, wrong } from "./json-object.ts";

/** A regular expression of a config, which the names of modules are held against. */
export interface NamePattern {
  readonly kind: "pattern";
  readonly text: string;
  readonly automaton: Automaton;
  /** Whether it has to fit the whole of a name, or its start. */
  readonly isWhole: boolean;
  readonly effort: Effort;
}

/** The patterns of one config, which share the work that is put into them. */
export class PatternReader {
  /** Some seconds of work; the patterns of a model's config take thousands of steps. */
  private readonly effort: Effort = { stepsLeft: 100_000_000 };
  private statesLeft = 100_000;

  /** A key of `rank_pattern` or `alpha_pattern`: PEFT's `get_pattern_key` holds `(.*\.)?(KEY)$` against a name. */
  ending(key: string): NamePattern | Wrong {
    const checked = readExpression(key);
    return checked.kind === "wrong" ? checked : this.read(`(.*\\.)?(${key})$`, key, false);
  }

  /** An expression for the whole of a name, as `target_modules` may be one. */
  whole(text: string): NamePattern | Wrong {
    return this.read(text, text, true);
  }

  /** An expression for how a name begins. */
  start(text: string): NamePattern | Wrong {
    return this.read(text, text, false);
  }

  private read(text: string, shown: string, isWhole: boolean): NamePattern | Wrong {
    const expression = readExpression(text);
    if (expression.kind === "wrong") return expression;
    this.statesLeft -= statesOf(expression);
    if (this.statesLeft < 0)
      return wrong(`the pattern \`${cut(shown)}\` repeats too much, alone or with those before it`);
    return { kind: "pattern", text: shown, automaton: automatonOf(expression), isWhole, effort: this.effort };
  }
}

/** Whether a pattern fits the name of a module. Throws where the patterns of its config take too long. */
export function fitsName({ automaton, isWhole, effort, text }: NamePattern, name: string): boolean {
  const fits = fitsFromStart(automaton, name, isWhole, effort);
  if (fits !== null) return fits;
  const message = `its patterns take too long to match, such as \`${cut(text)}\``;
  throw new ProblemError({ subject: "adapter_config.json", message, help: "name the modules instead" });
}
