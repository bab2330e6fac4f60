/** What terminals obey, what reorders the text around it, and what pages take for markup: a hundred names of files. */
const parts: readonly string[] = [
  "\u001b[31m",
  "\u001b]0;pwned\u0007",
  "\u001b[2J\u001b[H",
  "\u001bPq\u001b\\",
  "\u009b31m",
  "\u009d0;pwned\u009c",
  "\u0008\u0008\u0008\u0008",
  "\u007f",
  "\rerror",
  "\u202egnp",
  "\u2066abc\u2069",
  "\u200e\u200f",
  "\u2028",
  "\u2029",
  "\u0085",
  "\u000b\u000c",
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  '"onmouseover="alert(1)',
  "'><svg onload=alert(1)>",
  "</title></style><b>",
  "&lt;b&gt;&#0;",
  "]]><!--",
  "{{alert(1)}}",
  "%1b%5b31m",
];

/** Each alone, at the start, in the middle and at the end of a name. */
export const hostileNames: readonly string[] = parts.flatMap((part) => {
  const inName = part.replaceAll("/", "\u2044");
  return [inName, `${inName}a`, `a${inName}b`, `a${inName}`];
});

/** What a terminal would obey. */
export const obeyed = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
