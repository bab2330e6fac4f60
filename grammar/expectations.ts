import { type IParserErrorMessageProvider, type TokenType, tokenLabel } from "chevrotain";

/**
 * What the parser hoped for where it stopped, as the end of the sentence "expected ...". Chevrotain asks for a whole
 * message; the driver puts this part into diagnostic E103.
 */
export const expectations: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected }) => tokenLabel(expected),
  buildNotAllInputParsedMessage: () => "the end of the statement",
  buildNoViableAltMessage: ({ expectedPathsPerAlt, customUserDescription }) =>
    customUserDescription ?? oneOf(expectedPathsPerAlt.flatMap((paths) => paths.map((path) => path[0]))),
  buildEarlyExitMessage: ({ expectedIterationPaths, customUserDescription }) =>
    customUserDescription ?? oneOf(expectedIterationPaths.map((path) => path[0])),
};

function oneOf(types: readonly (TokenType | undefined)[]): string {
  const labels = [...new Set(types.filter((type) => type !== undefined).map(tokenLabel))];
  const last = labels.pop() ?? "something else";
  return labels.length === 0 ? last : `${labels.join(", ")} or ${last}`;
}
