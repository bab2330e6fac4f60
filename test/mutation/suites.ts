import { format } from "node:util";
import { chai, JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

type Body = (...values: readonly unknown[]) => unknown;

interface Test {
  readonly id: string;
  readonly name: string;
  readonly body: Body;
}

/** Tests and suites in their order, and what runs before and after all of them or each. */
interface Suite {
  readonly beforeAll: Body[];
  readonly afterAll: Body[];
  readonly beforeEach: Body[];
  readonly afterEach: Body[];
  readonly members: (Test | Suite)[];
}

export interface Ran {
  readonly id: string;
  readonly name: string;
  /** Why it failed; null when it passed. */
  readonly failure: string | null;
  readonly elapsedMs: number;
}

/** The tests that a file declares with what it imports from Vitest, of which unit tests need no more than this. */
export class DeclaredTests {
  private readonly whole: Suite = emptySuite();
  private readonly file: string;
  /** Parts of the names of tests that are not taken. */
  private readonly leftOut: readonly string[];
  private open = this.whole;
  private count = 0;
  private readonly finished: Body[] = [];

  constructor(file: string, leftOut: readonly string[]) {
    this.file = file;
    this.leftOut = leftOut;
  }

  /** What stands for the module `vitest`. */
  readonly vitest = {
    expect: chai.expect,
    describe: withEach((_name, body) => this.describe(body)),
    test: Object.assign(
      withEach((name, body) => this.add(name, body)),
      { runIf: (condition: unknown) => withEach((name, body) => condition && this.add(name, body)) },
    ),
    beforeAll: (body: Body) => this.open.beforeAll.push(body),
    afterAll: (body: Body) => this.open.afterAll.unshift(body),
    beforeEach: (body: Body) => this.open.beforeEach.push(body),
    afterEach: (body: Body) => this.open.afterEach.unshift(body),
    onTestFinished: (body: Body) => this.finished.push(body),
  };

  private add(name: string, body: Body): void {
    // Names need not be unique; the order in which a file declares its tests is always the same.
    if (this.leftOut.some((part) => name.includes(part))) return;
    this.open.members.push({ id: `${this.file}#${this.count++}`, name, body: () => this.finishing(body) });
  }

  private async finishing(body: Body): Promise<void> {
    try {
      await body();
    } finally {
      for (const last of this.finished.splice(0).toReversed()) await last();
    }
  }

  private describe(body: Body): void {
    const around = this.open;
    this.open = emptySuite();
    around.members.push(this.open);
    body();
    this.open = around;
  }

  /** Runs the tests that are wanted up to the first that fails; `current` is told which. */
  async run(isWanted: (id: string) => boolean, current: (id: string | undefined) => void): Promise<readonly Ran[]> {
    const ran: Ran[] = [];
    await runSuite(this.whole, [], isWanted, current, ran);
    return ran;
  }
}

async function runSuite(
  suite: Suite,
  around: readonly Suite[],
  isWanted: (id: string) => boolean,
  current: (id: string | undefined) => void,
  ran: Ran[],
): Promise<void> {
  if (!testsOf(suite).some(({ id }) => isWanted(id))) return;
  const suites = [...around, suite];
  for (const body of suite.beforeAll) await body();
  try {
    for (const member of suite.members) {
      if (ran.at(-1)?.failure) return;
      if ("members" in member) await runSuite(member, suites, isWanted, current, ran);
      else if (isWanted(member.id)) ran.push(await runTest(member, suites, current));
    }
  } finally {
    for (const body of suite.afterAll) await body();
  }
}

async function runTest(test: Test, suites: readonly Suite[], current: (id: string | undefined) => void): Promise<Ran> {
  const start = performance.now();
  let failure: string | null = null;
  current(test.id);
  try {
    for (const { beforeEach } of suites) for (const body of beforeEach) await body();
    await test.body();
  } catch (thrown) {
    failure = String(thrown) || "failed";
  }
  for (const { afterEach } of suites.toReversed()) for (const body of afterEach) await body();
  current(undefined);
  return { id: test.id, name: test.name, failure, elapsedMs: performance.now() - start };
}

function testsOf(suite: Suite): readonly Test[] {
  return suite.members.flatMap((member) => ("members" in member ? testsOf(member) : [member]));
}

function emptySuite(): Suite {
  return { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [], members: [] };
}

/** The name of a test with the values of its row, as far as it has places for them. */
function written(name: string, values: readonly unknown[]): string {
  return format(name, ...values.slice(0, name.match(/%[sdifjoO]/g)?.length ?? 0));
}

/** `test(name, body)` with `test.each(rows)(name, body)`, where a row is all arguments, or the only one. */
function withEach(declare: (name: string, body: Body) => unknown) {
  const each =
    (rows: readonly unknown[]) =>
    (name: string, body: Body): void => {
      const areLists = rows.every(Array.isArray);
      for (const [index, row] of rows.entries()) {
        const values: readonly unknown[] = areLists && Array.isArray(row) ? row : [row];
        declare(`${written(name, values)} (${index})`, () => body(...values));
      }
    };
  return Object.assign(declare, { each });
}
