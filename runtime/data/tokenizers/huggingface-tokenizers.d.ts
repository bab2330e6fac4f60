/** What is used of the package; its own types leave out the endings of the files that they import, and do not resolve. */
declare module "@huggingface/tokenizers" {
  export class Tokenizer {
    constructor(tokenizer: object, config: object);
    encode(text: string): { readonly ids: readonly number[] };
  }
}
