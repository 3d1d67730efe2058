import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Leases } from "../../lib/files/lease.ts";
import { thisHolder } from "../../lib/files/lease_holder.ts";
import { Claim, claim, clearLeases, tryClaim } from "../../lib/run/claim.ts";
import { resultLocks } from "../../lib/project/result.ts";
import { RunFolder } from "../../lib/run/run_folder.ts";
import { status } from "../../lib/terminal/status.ts";
import { Failure } from "../../lib/values/failure.ts";
import { Child } from "../support/child.ts";
import { everything, needs } from "../support/needs.ts";
import { inTemporary } from "../support/temporary.ts";

const TITLE = "a seed 1";

/** A process of another machine. */
const far = { ...thisHolder(), host: "far", machine: "far", process: 7 };

/** Settings that collect the lines. */
function settings(lines: string[] = [], interrupted = () => false) {
  return {
    status: { ...status({ quiet: true }), line: (line: string) => lines.push(line) },
    interrupted,
  };
}

/** Writes the lease of a process that will never renew it. */
function leaveLease(path: string, holder: typeof far): void {
  Deno.mkdirSync(path, { recursive: true });
  Deno.writeTextFileSync(`${path}/one`, JSON.stringify(holder));
}

const leaveClaim = (folder: RunFolder, holder: typeof far) =>
  leaveLease(`${folder.path}.claim`, holder);

await needs(
  everything,
  "claim: a second one fails and names the first; both live beside the folder",
  () =>
    inTemporary(async (root) => {
      const folder = new RunFolder(root, "experiments/a", 1, undefined);
      {
        using first = await claim(folder, TITLE, settings());
        const failure = await assertRejects(
          () => claim(folder, TITLE, settings()),
          Failure,
          `a seed 1 is being trained by another process (${Deno.hostname()}, process ${Deno.pid}): wait`,
        );
        assertEquals(failure.exit, 2);
        assert(!(tryClaim(folder, TITLE, new Leases()) instanceof Claim));
        await folder.make();
        await folder.putAside();
        first.check();
      }
      using _second = await claim(folder, TITLE, settings());
    }),
);

await needs(
  everything,
  "claim: that of an ended process is taken over at once",
  () =>
    inTemporary(async (root) => {
      const folder = new RunFolder(root, "a", 1, undefined);
      leaveClaim(folder, { ...thisHolder(), process: 2 ** 22 + 1 });
      const lines: string[] = [];
      using taken = await claim(folder, TITLE, settings(lines));
      taken.check();
      assertEquals(lines, []);
    }),
);

await needs(
  everything,
  "clearLeases: removes the claim and the result's locks of an ended process only",
  () =>
    inTemporary((root) => {
      const folder = new RunFolder(root, "a#b", 1, undefined);
      const run = { folder, root, identity: { id: "a#b" } };
      const leases = [`${folder.path}.claim`, ...resultLocks(root, "a#b")];
      assertEquals(leases.slice(1), [`${root}/a/b.json.lock`, `${root}/a/b.quick.json.lock`]);
      clearLeases(run);
      for (
        const [holder, stays] of [
          [{ ...thisHolder(), process: 2 ** 22 + 1 }, false],
          [thisHolder(), true],
          [far, true],
        ] as const
      ) {
        for (const path of leases) leaveLease(path, holder);
        clearLeases(run);
        assertEquals(leases.map((path) => existsSync(path)), leases.map(() => stays));
      }
    }),
);

await needs(
  everything,
  "claim: that of another machine is watched; Ctrl-C ends that",
  () =>
    inTemporary(async (root) => {
      const folder = new RunFolder(root, "a", 1, undefined);
      leaveClaim(folder, far);
      const lines: string[] = [];
      const stopped = await assertRejects(
        () => claim(folder, TITLE, settings(lines, () => lines.length > 0)),
        Failure,
        "a seed 1: interrupted",
      );
      assertEquals(stopped.exit, 130);
      const claimant = "another process (far, process 7)";
      assertEquals(lines, [`a seed 1: watches whether ${claimant}, which claimed it, is alive`]);
      using _taken = await claim(
        folder,
        TITLE,
        settings(),
        new Leases({ beat: 1000, silence: 500 }),
      );
    }),
);

await needs(
  everything,
  "claim: one of another machine that is renewed fails",
  () =>
    inTemporary(async (root) => {
      const folder = new RunFolder(root, "a", 1, undefined);
      using _far = tryClaim(folder, TITLE, new Leases({ beat: 100 }, far)) as Claim;
      await assertRejects(
        () => claim(folder, TITLE, settings()),
        Failure,
        "(far, process 7): wait",
      );
    }),
);

await needs(
  everything,
  "claim: a process that was stopped for long notices that it lost it",
  () =>
    inTemporary(async (root) => {
      const path = join(root, "a");
      await using child = new Child("claiming_process.ts");
      assertEquals(await child.ask(`claim ${path}`), "won");
      assertEquals(await child.ask("check"), "held");
      child.signal("SIGSTOP");
      const leases = new Leases({ beat: 50, silence: 300 }, far);
      let taken = tryClaim({ path }, TITLE, leases);
      for (; !(taken instanceof Claim); taken = tryClaim({ path }, TITLE, leases)) await pause(20);
      using own = taken;
      child.signal("SIGCONT");
      const answer = await child.ask("check");
      assert(answer?.includes("another one took the trial over"), answer);
      assertEquals(await child.ask("release"), "released");
      own.check();
    }),
);

await needs(
  everything,
  "claim: of eight processes that fight for one, exactly one wins",
  () =>
    inTemporary(async (root) => {
      await using stack = new AsyncDisposableStack();
      const children = Array.from({ length: 8 }, () => stack.use(new Child("claiming_process.ts")));
      const askAll = (line: string) => Promise.all(children.map((child) => child.ask(line)));
      assertEquals(await askAll("check"), children.map(() => "held"));
      for (let round = 0; round < 150; round++) {
        // In most rounds, a dead process has the claim.
        const folder = new RunFolder(root, "a", round % 5, undefined);
        if (round % 3) leaveClaim(folder, { ...thisHolder(), process: 2 ** 22 + 1 });
        const answers = await askAll(`claim ${folder.path}`);
        assertEquals(answers.filter((answer) => answer === "won").length, 1, `round ${round}`);
        assertEquals(answers.filter((answer) => answer === "held").length, 7);
        assertEquals(await askAll("check"), children.map(() => "held"));
        await askAll("release");
        assertEquals(Array.from(Deno.readDirSync(join(root, "runs/a"))), []);
      }
    }),
);

await needs(
  everything,
  "claim: one that was lost is a failure of one line",
  () =>
    inTemporary((root) => {
      const folder = new RunFolder(root, "a", 1, undefined);
      const lost = tryClaim(folder, TITLE, new Leases());
      assertInstanceOf(lost, Claim);
      Deno.removeSync(`${folder.path}.claim`, { recursive: true });
      const failure = assertThrows(
        () => lost.check(),
        Failure,
        "a seed 1: this process stood still",
      );
      assertEquals([failure.exit, failure.message.includes("\n")], [1, false]);
      lost[Symbol.dispose]();
    }),
);
