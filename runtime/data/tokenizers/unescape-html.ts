/** Characters from U+00A0 on, by the names that HTML has for them, also without a semicolon. */
const latin =
  "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para " +
  "middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute " +
  "Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml " +
  "Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml " +
  "eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

const withoutSemicolon: ReadonlyMap<string, string> = new Map([
  ...latin.split(" ").map((name, index) => [name, String.fromCharCode(0xa0 + index)] as const),
  ...Object.entries({
    amp: "&",
    AMP: "&",
    lt: "<",
    LT: "<",
    gt: ">",
    GT: ">",
    quot: '"',
    QUOT: '"',
    COPY: "©",
    REG: "®",
  }),
]);

/** The others that texts have: punctuation and signs. */
const withSemicolon: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ apos: "'", hellip: "…", ndash: "–", mdash: "—", lsquo: "‘", rsquo: "’", sbquo: "‚", ldquo: "“", rdquo: "”" },
    ...{ bdquo: "„", bull: "•", trade: "™", euro: "€", dagger: "†", Dagger: "‡", permil: "‰", prime: "′", Prime: "″" },
    ...{ lsaquo: "‹", rsaquo: "›", larr: "←", rarr: "→", uarr: "↑", darr: "↓", le: "≤", ge: "≥", ne: "≠", asymp: "≈" },
    ...{ minus: "−", infin: "∞", ensp: "\u2002", emsp: "\u2003", thinsp: "\u2009", zwnj: "\u200c", zwj: "\u200d" },
    ...{ alpha: "α", beta: "β", gamma: "γ", delta: "δ", mu: "μ", Omega: "Ω", OElig: "Œ", oelig: "œ", Scaron: "Š" },
  }),
);

/** Only what ends with a semicolon, as ftfy does. */
export function unescapeStrictly(text: string): string {
  return text.replace(/&#?[0-9A-Za-z]{1,24};/g, (whole) => {
    const name = whole.slice(1, -1);
    return name.startsWith("#") ? (numbered(name) ?? whole) : (named(name) ?? whole);
  });
}

/** Also what has no semicolon, as Python's `html.unescape` does, of the names above. */
export function unescapeHtml(text: string): string {
  return text.replace(/&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/g, (whole, body: string) => {
    const name = body.replace(/;$/, "");
    if (body.startsWith("#")) return numbered(name) ?? whole;
    const exact = body.endsWith(";") ? named(name) : withoutSemicolon.get(name);
    if (exact !== undefined) return exact;
    for (let length = name.length; length > 1; length--) {
      const start = withoutSemicolon.get(name.slice(0, length));
      if (start !== undefined) return start + body.slice(length);
    }
    return whole;
  });
}

function named(name: string): string | undefined {
  return withoutSemicolon.get(name) ?? withSemicolon.get(name);
}

/** `#8217` or `#x2019`; null where it is not a number. */
function numbered(name: string): string | null {
  const isHexadecimal = /^#x/i.test(name);
  const digits = name.slice(isHexadecimal ? 2 : 1);
  if (!(isHexadecimal ? /^[0-9a-f]+$/i : /^[0-9]+$/).test(digits)) return null;
  const point = Number.parseInt(digits, isHexadecimal ? 16 : 10);
  if (point >= 0x80 && point <= 0x9f) return fromWindows1252(point);
  const isCharacter = point > 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  return isCharacter ? String.fromCodePoint(point) : "\uFFFD";
}

/** What Windows has where Unicode has control characters from U+0080 on; a space where it has nothing either. */
const windows = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

/** A control character from U+0080 to U+009F as the punctuation mark of Windows that it stands for. */
export function fromWindows1252(point: number): string {
  const mark = windows[point - 0x80] ?? " ";
  return mark === " " ? String.fromCharCode(point) : mark;
}
