import type {
  Argument,
  Encoder,
  Expression,
  HeadLet,
  InputMember,
  LossUse,
  Metric,
  ModelMember,
} from "../../../grammar/index.ts";
import { forwardOf, type ModuleInstance } from "../../elaborate/index.ts";
import { inputsGiven } from "../../load/index.ts";
import type { TracedSpec, WrittenModel } from "../../programs/index.ts";
import { namesIn } from "./walk.ts";

/** The members of a model by what they are, with what was made of them. */
export class ModelParts {
  readonly written: WrittenModel;
  readonly spec: TracedSpec;
  readonly members: readonly ModelMember[];

  constructor(written: WrittenModel, spec: TracedSpec) {
    this.written = written;
    this.spec = spec;
    this.members = written.declaration.members;
  }

  /** The lets that make a module in their pipe. */
  heads(): readonly HeadLet[] {
    const made = new Set(this.written.components.flatMap((each) => (each.kind === "head" ? [each.name] : [])));
    return this.members.filter((each): each is HeadLet => each.kind === "head-let" && made.has(each.name.text));
  }

  losses(): readonly LossUse[] {
    return this.members.filter((each) => each.kind === "loss-use");
  }

  metrics(): readonly Metric[] {
    return this.members.filter((each) => each.kind === "metric");
  }

  /** The member that a name means in lets, losses and metrics. */
  valueNamed(name: string): Encoder | HeadLet | InputMember | null {
    for (const each of this.members)
      if (each.kind === "encoder" || each.kind === "head-let" || each.kind === "input")
        if (each.name.text === name) return each;
    return null;
  }

  /** The module of an encoder. */
  encoder(name: string): ModuleInstance {
    const component = this.written.components.find((each) => each.kind === "encoder" && each.name === name);
    if (component?.kind !== "encoder") throw new Error("an encoder is a component of its model");
    return component.instance;
  }

  /** What the spec gives to an encoder besides what is fed: by the names of its forward's parameters. */
  givenTo({ name, module }: Encoder): readonly Argument[] {
    const { declaration } = this.encoder(name.text);
    return declaration.kind === "module" ? module.arguments.filter(inputsGiven(declaration)) : [];
  }

  /** The inputs that are fed to an encoder. */
  inputsOf(encoder: Encoder): readonly string[] {
    const { parameters } = forwardOf(this.encoder(encoder.name.text).declaration);
    const given = new Set(this.givenTo(encoder).map(({ name }) => name?.text));
    return parameters.flatMap(({ name, type }) =>
      type?.kind === "tensor-type" && !given.has(name.text) ? [name.text] : [],
    );
  }

  /** What an encoder or a let is computed from, as it is written. */
  expressionsOf(member: Encoder | HeadLet): readonly Expression[] {
    return member.kind === "encoder" ? this.givenTo(member).map(({ value }) => value) : [member.value];
  }

  /** The inputs of encoders and lets, in the order in which the spec uses them. */
  inputs(): readonly string[] {
    const names = new Set<string>();
    const used = namesIn(
      this.members.flatMap((each) =>
        each.kind === "head-let" || each.kind === "encoder" ? this.expressionsOf(each) : [],
      ),
    );
    for (const member of this.members) {
      if (member.kind === "input" && used.has(member.name.text)) names.add(member.name.text);
      if (member.kind === "encoder") for (const name of this.inputsOf(member)) names.add(name);
    }
    return [...names];
  }
}
