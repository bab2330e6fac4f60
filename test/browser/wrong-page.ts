/** A page with every mistake that is looked for, and what has to be said of it: what finds nothing here proves nothing. */
export const wrongPage = `<!doctype html><html><head><title>wrong</title>
<style>body{margin:0;background:#888;color:#999}.diagram{width:200px}.cut{width:40px;overflow:hidden;white-space:nowrap}</style></head>
<body><div style="width:2000px">wide</div><div class="cut">much longer than its box is</div><img src="missing.png" alt="">
<figure class="diagram"><svg viewBox="0 0 200 100" width="200" height="100">
<g><rect x="0" y="0" width="40" height="20"/><text x="5" y="15">longer than its box</text></g>
<text x="10" y="60">one text</text><text x="30" y="63">another</text><text x="150" y="90">out of the picture</text>
</svg></figure><script>console.error("no"); throw new Error("none")</script></body></html>
`;

export const wrongInIt = [
  "the page is 2000 wide",
  "<div> reaches from 0 to 2000",
  "is cut off",
  '"longer than its box" at',
  "reaches out of its box",
  '"out of the picture" at',
  "reaches out of its picture",
  '"one text" at',
  "lies on",
  "where the reader's system is light",
  "text has a contrast of",
  "missing.png",
  "console.error",
  "Uncaught",
];
