/** What is used of the package, which is CommonJS; its own types say otherwise. */
declare module "dicom-parser" {
  namespace parser {
    interface Element {
      readonly vr?: string;
      readonly dataOffset: number;
      /** 2^32 - 1 where the file leaves it open. */
      readonly length: number;
      readonly items?: readonly { readonly dataSet?: DataSet }[];
    }

    interface DataSet {
      readonly byteArray: Uint8Array;
      readonly elements: Readonly<Record<string, Element | undefined>>;
      readonly string: (tag: string) => string | undefined;
      readonly uint16: (tag: string) => number | undefined;
    }

    /** Throws texts, objects and errors of every kind for files that it does not take. */
    function parseDicom(
      bytes: Uint8Array,
      options: { readonly untilTag: string; readonly inflater: (bytes: Uint8Array, position: number) => Uint8Array },
    ): DataSet;
  }

  export = parser;
}
