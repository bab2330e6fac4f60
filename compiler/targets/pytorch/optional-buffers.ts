import type { ModelMember, ModuleMember, OptionalBuffer, TensorType } from "../../../grammar/index.ts";
import { firstValues, isComputed } from "./first-values.ts";
import { call, indented, layOut, type Python, printPython, starred, text, word } from "./python.ts";
import { refuse } from "./refusal.ts";
import type { Translator } from "./translate.ts";

/** The sizes of a parameter or a buffer as a list. */
export function sizesOf(type: TensorType, translator: Translator): Python {
  const elements = type.dims.map((dim) =>
    dim.kind === "rest"
      ? refuse("a parameter has all its sizes", dim.span)
      : dim.kind === "spread"
        ? starred(translator.expression(dim.list))
        : translator.expression(dim),
  );
  return { kind: "list", elements };
}

/** The method that gives what checkpoints may have besides; nothing where a module has none of these. */
export function writeOptionalBuffers(
  members: readonly (ModuleMember | ModelMember)[],
  inside: () => Translator,
): readonly string[] {
  const optional = members.filter((each): each is OptionalBuffer => each.kind === "optional-buffer");
  if (optional.length === 0) return [];
  const translator = inside();
  translator.place.writer.use("Tensor");
  return [
    indented(1, "def optional_buffers(self) -> dict[str, Tensor]:"),
    indented(2, '"""What a checkpoint may have besides: its values, or its shape alone on `meta`."""'),
    indented(2, "found: dict[str, Tensor] = {}"),
    ...optional.flatMap((member) => lineOf(member, translator)),
    indented(2, "return found"),
    "",
  ];
}

function lineOf({ name, named, type, value, when }: OptionalBuffer, translator: Translator): readonly string[] {
  const stored = printPython(text(named?.value ?? name.text));
  const given = bufferValue(value, sizesOf(type, translator), translator);
  if (when === null) return layOut(2, `found[${stored}] = `, given);
  return [...layOut(2, "if ", translator.expression(when), ":"), ...layOut(3, `found[${stored}] = `, given)];
}

function bufferValue(value: OptionalBuffer["value"], sizes: Python, translator: Translator): Python {
  const { writer, declarations } = translator.place;
  if (value === null) {
    writer.use("torch");
    return call("torch.empty", [sizes], { device: word('"meta"') });
  }
  return isComputed(value, declarations.facts) ? translator.expression(value) : firstValues(value, sizes, translator);
}
