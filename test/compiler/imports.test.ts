import { expect, test } from "vitest";
import { checkSpec, compileSpec, type FilePlace, type Library } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";

/** Files in memory, by the path that an import leads to. */
function libraryOf(files: Readonly<Record<string, string>>): Library {
  const pathOf = (place: FilePlace): string => {
    if (place.kind === "local") return place.path;
    return `${place.kind === "library" ? "std" : "specs"}/${place.name}.vlm`;
  };
  return {
    read: (place) => {
      const name = pathOf(place);
      const text = files[name];
      return text === undefined ? { kind: "missing" } : { kind: "text", text, name };
    },
    names: () => Object.keys(files).flatMap((name) => /^std\/(.*)\.vlm$/.exec(name)?.[1] ?? []),
  };
}

function check(files: Readonly<Record<string, string>>, entry = "main.vlm"): readonly string[] {
  const diagnostics = checkSpec(createSource(entry, files[entry] ?? ""), libraryOf(files));
  return diagnostics.map(({ code, file, message }) => `${file} ${code} ${message}`);
}

const moduleText = "module one() {\n  forward(x: f32[batch, 3]) {\n    return x\n  }\n}\n";

test("imports lead to the library, beside the file and below it", () => {
  const files = {
    "main.vlm": 'import "std/one"\nimport "./parts/two"\nmodel m {\n  encoder a = one()\n  encoder b = two()\n}\n',
    "std/one.vlm": moduleText,
    "parts/two.vlm": `import "../three.vlm"\nimport "./four"\n${moduleText.replace("one", "two")}`,
    "three.vlm": moduleText.replace("one", "three"),
    "parts/four.vlm": moduleText.replace("one", "four"),
  };
  expect(check(files)).toEqual([]);
});

test("what an imported file imports is not known to the importer", () => {
  const files = {
    "main.vlm": 'import "./two"\nmodel m {\n  encoder a = one()\n}\n',
    "two.vlm": 'import "./one"\n',
    "one.vlm": moduleText,
  };
  expect(check(files)).toEqual(["main.vlm E301 there is no module `one` here"]);
});

test.each(["/etc/passwd", "../up", "./a/../../up", "std/../secret", "std/", "one", "./", "./a\\b", "https://a.b/c"])(
  "%s leads nowhere",
  (path) => {
    const files = { "main.vlm": `import "${path.replace("\\", "\\\\")}"\n` };
    expect(check(files)).toEqual([`main.vlm E205 there is no file to import at \`${path}\``]);
  },
);

test("specs that come with the program import each other by their folders, wherever they are imported from", () => {
  const importing = (path: string) => ({
    "main.vlm": `import "specs/chest/one"\nmodel m {\n  encoder a = one()\n}\n`,
    "specs/chest/one.vlm": `import "${path}"\n${moduleText}`,
    "specs/chest/two.vlm": moduleText.replace("one", "two"),
    "specs/three.vlm": moduleText.replace("one", "three"),
    "specs/std/four.vlm": moduleText.replace("one", "four"),
    "two.vlm": "not read",
  });
  for (const path of ["./two", "./two.vlm", "../three", "../chest/two"]) {
    expect(check(importing(path))).toEqual([]);
  }
  for (const path of ["./three", "../std/four", "../../two", "./deep/../../../two"]) {
    expect(check(importing(path))).toEqual([`specs/chest/one.vlm E205 there is no file to import at \`${path}\``]);
  }
});

test("specs that come with the program may lie in a folder; the library's files have the name `std/...` alone", () => {
  const importing = (path: string) => ({
    "main.vlm": `import "${path}"\nmodel m {\n  encoder a = one()\n}\n`,
    "specs/chest/one.vlm": moduleText,
    "specs/std/one.vlm": moduleText,
    "specs/a/b/one.vlm": moduleText,
  });
  expect(check(importing("specs/chest/one"))).toEqual([]);
  for (const path of ["specs/std/one", "specs/a/b/one", "specs/../one", "specs/chest/"]) {
    expect(check(importing(path))[0]).toBe(`main.vlm E205 there is no file to import at \`${path}\``);
  }
});

test("a cycle is reported once, at the import that closes it, with its files", () => {
  const files = {
    "main.vlm": 'import "./a"\n',
    "a.vlm": 'import "./b"\n',
    "b.vlm": 'import "./a"\n',
  };
  expect(check(files)).toEqual(["b.vlm E206 this import closes a cycle: a.vlm -> b.vlm -> a.vlm"]);
});

test("a file that is imported twice is read and reported once", () => {
  const files = {
    "main.vlm": 'import "./a"\nimport "./b"\nimport "./a"\n',
    "a.vlm": "function f(x) { return }\n",
    "b.vlm": 'import "./a"\n',
  };
  expect(check(files)).toEqual(["a.vlm E103 expected an expression, found the end of the statement"]);
});

test("two imports that declare one name are reported at the second", () => {
  const files = { "main.vlm": 'import "./a"\nimport "./b"\n', "a.vlm": moduleText, "b.vlm": moduleText };
  expect(check(files)).toEqual(["main.vlm E302 `one` is declared twice"]);
});

test("a spec that imports more than 500 files is refused", () => {
  const files: Record<string, string> = {};
  for (let index = 0; index < 600; index++) files[`f${index}.vlm`] = `import "./f${index + 1}"\n`;
  expect(check(files, "f0.vlm")).toEqual(["f499.vlm E208 a spec imports at most 500 files"]);
});

test("a model and settings of an imported file have no effect, which is said once, with both places", () => {
  const files = {
    "main.vlm": 'import "./shared"\nimport "./other"\nmodel m {\n  encoder a = one()\n}\n',
    "other.vlm": 'import "./shared"\n',
    "shared.vlm": `${moduleText}model base {}\ntrain {\n  batch = 2\n}\ndata {}\n`,
  };
  const found = checkSpec(createSource("main.vlm", files["main.vlm"]), libraryOf(files));
  expect(found.map(({ code, severity, message }) => `${severity} ${code} ${message}`)).toEqual([
    "warning E211 `model base`, `train`, `data` of `shared.vlm` has no effect in an import",
  ]);
  const [only] = found;
  expect(only?.labels.map(({ span }) => `${span.source.name} ${span.source.text.slice(span.start, span.end)}`)).toEqual(
    ["shared.vlm base", "shared.vlm train", "shared.vlm data"],
  );
});

test("a file without a model is no spec, whatever it warns of", () => {
  const files = { "main.vlm": 'import "./base"\n', "base.vlm": "model base {}\n" };
  const { plan, diagnostics } = compileSpec(createSource("main.vlm", files["main.vlm"]), libraryOf(files));
  expect(plan).toBeNull();
  expect(diagnostics.map(({ code }) => code)).toEqual(["E211", "E511"]);
});

test("the library is read once, however many names are unknown", () => {
  const parts = Array.from({ length: 40 }, (_, index) => `  part p${index} = onne${index}()`).join("\n");
  const files = { "std/one.vlm": moduleText, "std/two.vlm": moduleText.replace("one", "two") };
  const library = libraryOf(files);
  const read: string[] = [];
  const watched: Library = {
    ...library,
    read: (place) => {
      read.push(place.kind === "library" ? place.name : "");
      return library.read(place);
    },
  };
  const found = checkSpec(createSource("main.vlm", `model m {\n${parts}\n}\n`), watched);
  expect(found.map(({ code }) => code)).toEqual(Array.from({ length: 40 }, () => "E301"));
  expect(read).toEqual(["one", "two"]);
});
