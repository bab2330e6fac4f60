import type {
  Argument,
  ArithmeticOperator,
  Call,
  Expression,
  Name,
  NumberLiteral,
  StringText,
} from "./ast-expressions.ts";
import type { Selector } from "./ast-selectors.ts";
import type { Span } from "./source.ts";

export type * from "./ast-expressions.ts";
export type * from "./ast-selectors.ts";

/**
 * The syntax tree of a `.vlm` file: what was written, in the order in which it was written, with a span on every node.
 * Nothing here is resolved; names, types and selectors get their meaning in `compiler/elaborate`.
 */
export interface File {
  readonly kind: "file";
  readonly items: readonly Item[];
  readonly span: Span;
}

export type Item =
  | Import
  | RolesDeclaration
  | FunctionDeclaration
  | ModuleDeclaration
  | AdapterDeclaration
  | LossDeclaration
  | FileLet
  | ModelDeclaration
  | SettingsBlock;

/** `import "std/linear"`, or `import "./mine" as mine` for names such as `mine.linear`. */
export interface Import {
  readonly kind: "import";
  readonly path: StringText;
  readonly alias: Name | null;
  readonly span: Span;
}

/** `roles attn { q, k, v, o, kv = k + v, qkv = q + k + v }` */
export interface RolesDeclaration {
  readonly kind: "roles";
  readonly family: Name;
  readonly roles: readonly RoleDeclaration[];
  readonly span: Span;
}

/** One role; a group covers several others of its family, as a fused projection does. */
export interface RoleDeclaration {
  readonly name: Name;
  readonly covers: readonly Name[];
  readonly span: Span;
}

/** `function gelu(x) { return 0.5 * x * (1 + erf(x / sqrt(2))) }`: tensors in, a value out, no parameters of its own. */
export interface FunctionDeclaration {
  readonly kind: "function";
  readonly name: Name;
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
  readonly span: Span;
}

/** `module linear(outputs: int, inputs: int = infer, bias: bool = true) { ... }` */
export interface ModuleDeclaration {
  readonly kind: "module";
  readonly name: Name;
  readonly parameters: readonly Parameter[];
  readonly members: readonly ModuleMember[];
  readonly span: Span;
}

/**
 * `adapter lora(rank: int, alpha: float = rank) wraps base: linear { ... }`, or `... wraps base: conv2d as lora { ... }`; of a
 * parameter, `... wraps base: f32[outputs, inputs] { ... }`.
 */
export interface AdapterDeclaration {
  readonly kind: "adapter";
  readonly name: Name;
  readonly parameters: readonly Parameter[];
  readonly base: Name;
  readonly wraps: Wraps;
  /** The adapter that it is on what it wraps; null for one that is only placed by its own name. */
  readonly standsFor: Name | null;
  readonly members: readonly ModuleMember[];
  readonly span: Span;
}

/** What an adapter can adapt. */
export type Wraps =
  /** Modules of these kinds; none are named for `any`. */
  | { readonly kind: "modules"; readonly names: readonly Name[] }
  /** Parameters that have this type, which names their sizes. */
  | { readonly kind: "parameter"; readonly type: TensorType };

/** `loss contrastive(image, text, scale) { ... return ... }` */
export interface LossDeclaration {
  readonly kind: "loss";
  readonly name: Name;
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
  readonly span: Span;
}

/** `let r = 24` at the top of a file: a value that everything in the file knows. */
export interface FileLet {
  readonly kind: "file-let";
  readonly name: Name;
  readonly value: Expression;
  readonly span: Span;
}

/** `model thorax { ... }`, or the variant `model card amends thorax { ... }` of a model of an imported file. */
export interface ModelDeclaration {
  readonly kind: "model";
  readonly name: Name;
  readonly amends: Name | null;
  readonly members: readonly ModelMember[];
  readonly span: Span;
}

/** `train { ... }`, `data { ... }`, `eval { ... }`; `train amends { ... }` changes single settings of a variant's base. */
export interface SettingsBlock {
  readonly kind: "settings";
  readonly block: SettingsName;
  readonly amends: boolean;
  readonly entries: readonly Setting[];
  readonly removals: readonly Removal[];
  readonly span: Span;
}

export type SettingsName = "train" | "data" | "eval";

export interface Setting {
  readonly name: Name;
  readonly value: Expression;
  readonly span: Span;
}

/** `train.optimizer.lr = 1e-3`: a value for what a path leads to, from outside of a spec. */
export interface Assignment {
  readonly path: readonly Name[];
  readonly value: Expression;
}

export interface Parameter {
  readonly name: Name;
  readonly type: TypeExpression | null;
  readonly default: Expression | null;
  readonly span: Span;
}

export type TypeExpression =
  | { readonly kind: "scalar-type"; readonly name: ScalarTypeName; readonly span: Span }
  | { readonly kind: "list-type"; readonly element: ScalarTypeName; readonly span: Span }
  | TensorType;

export type ScalarTypeName = "int" | "float" | "bool" | "string";
export type DtypeName = "f32" | "bf16" | "i32" | "bool";

/** `f32[batch, heads * 2, ...]`; in a pattern position (a forward's parameter, a typed let) a new name binds the size. */
export interface TensorType {
  readonly kind: "tensor-type";
  readonly dtype: DtypeName;
  readonly dims: readonly Dimension[];
  readonly span: Span;
}

/** A size, any sizes (`...`), or the sizes of a list (`...size`). */
export type Dimension =
  | { readonly kind: "rest"; readonly span: Span }
  | { readonly kind: "spread"; readonly list: Expression; readonly span: Span }
  | Expression;

export type ModuleMember = Let | Require | ParamMember | OptionalBuffer | PartMember | ForwardMember | PeftMember;

/** What may follow a declared parameter or part: `as attn.q named "to_q" when bias`. */
export interface Tags {
  readonly role: readonly Name[] | null;
  /** The name in checkpoints; a `*` in it stands for the child's own name, without one a dot joins them. */
  readonly named: StringText | null;
  /** When this is false the member does not exist, and its name means `none`. */
  readonly when: Expression | null;
}

/**
 * `param weight: f32[outputs, inputs] = uniform(bound)`, or a `buffer`, which is stored and never trained; `shared param` is one for
 * all placements of its adapter, and `shared(group) param` one for those whose group has the same number.
 */
export interface ParamMember extends Tags {
  readonly kind: "param";
  readonly shared: boolean;
  readonly group: Expression | null;
  readonly storage: "param" | "buffer";
  readonly name: Name;
  readonly type: TensorType;
  readonly initial: Expression | null;
  readonly span: Span;
}

/**
 * `optional buffer position_ids: i32[1, positions] = ...`: what a checkpoint may have though the model computes it, or does not need
 * it; where it is there it has this value, and without one any value of this type.
 */
export interface OptionalBuffer {
  readonly kind: "optional-buffer";
  readonly name: Name;
  readonly type: TensorType;
  readonly value: Expression | null;
  readonly named: StringText | null;
  readonly when: Expression | null;
  readonly span: Span;
}

/** `part layers = repeat depth layer(dim)`: a sub-module, or a list of them. */
export interface PartMember extends Tags {
  readonly kind: "part";
  readonly name: Name;
  readonly repetition: Repetition | null;
  readonly module: Call;
  readonly span: Span;
}

export type Repetition =
  | { readonly kind: "repeat"; readonly count: Expression }
  | { readonly kind: "for"; readonly variable: Name; readonly over: Expression };

export interface ForwardMember {
  readonly kind: "forward";
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
  readonly span: Span;
}

/** `peft LOHA(r = rank, alpha = alpha)`: the type and the fields of PEFT's config that say what an adapter computes. */
export type PeftMember = Readonly<{ kind: "peft"; type: Name; fields: readonly Argument[]; span: Span }>;

export type ModelMember =
  | InputMember
  | Encoder
  | HeadLet
  | Metric
  | ParamMember
  | OptionalBuffer
  | PartMember
  | Unnamed
  | Addition
  | Removal;

/** Members without a name: a variant's take the place of all of their kind in its base. */
export type Unnamed = FreezeRule | ParameterGroup | Placement | LossUse | Expectation;

/** `add ia3() on text.attn.qkv`: beside those of a variant's base, not in their place. */
export type Addition = Readonly<{ kind: "addition"; member: Unnamed; span: Span }>;

/** `remove image_extra, lora`: what a variant's base has by these names, or placed adapters of these kinds. */
export interface Removal {
  readonly kind: "removal";
  readonly names: readonly Name[];
  readonly span: Span;
}

/** `input labels: f32[batch, 18] = table(columns = classes)`: what is fed to a model, and where it comes from in a data set. */
export interface InputMember {
  readonly kind: "input";
  readonly name: Name;
  readonly type: TensorType;
  readonly source: Call;
  readonly span: Span;
}

/** `encoder vision = ctvit(...) named "visual_transformer"` */
export interface Encoder {
  readonly kind: "encoder";
  readonly name: Name;
  readonly module: Call;
  readonly named: StringText | null;
  readonly span: Span;
}

/** A let of a model; the module that its pipe makes, if any, is the head `heads.<name>`. */
export interface HeadLet {
  readonly kind: "head-let";
  readonly name: Name;
  readonly value: Expression;
  readonly named: StringText | null;
  readonly span: Span;
}

/** `metric accuracy = top1(image, report)`: a number that is logged beside the loss, and that nothing is trained on. */
export interface Metric {
  readonly kind: "metric";
  readonly name: Name;
  readonly value: Expression;
  readonly span: Span;
}

/** `freeze vision, heads.*` or `train text.layers[11]`; the last rule that matches a parameter wins. */
export interface FreezeRule {
  readonly kind: "freeze-rule";
  readonly action: "freeze" | "train";
  readonly selectors: readonly Selector[];
  readonly except: readonly Selector[];
  readonly span: Span;
}

/** `group text { lr = 0.1 * lr, weight_decay = 0 }`: how the optimizer moves what its selectors name. */
export interface ParameterGroup {
  readonly kind: "parameter-group";
  readonly selectors: readonly Selector[];
  readonly except: readonly Selector[];
  readonly settings: readonly Setting[];
  readonly span: Span;
}

/** `lora(rank = 8) on vision.attn.qkv, text.attn.q,v`; `also on` says that a second adapter there is meant. */
export interface Placement {
  readonly kind: "placement";
  readonly adapter: Call;
  readonly also: boolean;
  readonly selectors: readonly Selector[];
  readonly except: readonly Selector[];
  readonly span: Span;
}

export interface LossUse {
  readonly kind: "loss-use";
  readonly value: Expression;
  readonly span: Span;
}

/** `expect trainable / total = 0.38%` */
export interface Expectation {
  readonly kind: "expect";
  readonly left: Quantity;
  readonly comparison: ExpectComparison;
  readonly right: Quantity;
  readonly span: Span;
}

export type ExpectComparison = "=" | "<" | "<=" | ">" | ">=";

export type Quantity =
  | NumberLiteral
  /** `lora_size(8)`: a value that is known without the model. */
  | { readonly kind: "computed"; readonly value: Expression; readonly span: Span }
  | { readonly kind: "measure"; readonly name: Name; readonly of: readonly Selector[] | null; readonly span: Span }
  | {
      readonly kind: "quantity-binary";
      readonly operator: ArithmeticOperator;
      readonly left: Quantity;
      readonly right: Quantity;
      readonly span: Span;
    };

export type Statement = Let | Assign | Require | For | Return;

/** `let [k, v]: ... = split(kv, 2)`; several names take a list apart. */
export interface Let {
  readonly kind: "let";
  readonly names: readonly Name[];
  readonly destructure: boolean;
  readonly type: TensorType | null;
  readonly value: Expression;
  readonly span: Span;
}

/** `x = layer(x) + x`: a name that a let introduced gets a new value. */
export interface Assign {
  readonly kind: "assign";
  readonly name: Name;
  readonly value: Expression;
  readonly span: Span;
}

/** `require dim > 0, "dim must be positive"` */
export interface Require {
  readonly kind: "require";
  readonly condition: Expression;
  readonly message: StringText;
  readonly span: Span;
}

export interface For {
  readonly kind: "for";
  readonly repetition: Repetition;
  readonly body: readonly Statement[];
  readonly span: Span;
}

export interface Return {
  readonly kind: "return";
  readonly value: Expression;
  readonly span: Span;
}
