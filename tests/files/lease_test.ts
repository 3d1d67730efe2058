import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type HeldLease, Lease, Leases, type LeaseTimes } from "../../lib/files/lease.ts";
import { type LeaseHolder, thisHolder } from "../../lib/files/lease_holder.ts";
import { Failure } from "../../lib/values/failure.ts";
import { needsDisk } from "../support/disk.ts";
import { everything, needs } from "../support/needs.ts";
import { inTemporary } from "../support/temporary.ts";

const BRIEF: LeaseTimes = { beat: 40, silence: 400 };

/** A process of another machine. */
const elsewhere = (): LeaseHolder => ({ ...thisHolder(), host: "far", machine: "far", process: 7 });

/** Takes a lease that has to be free. */
function take(leases: Leases, path: string): Lease {
  const lease = leases.take(path);
  assertInstanceOf(lease, Lease);
  return lease;
}

/** Looks at a lease that another process has to hold. */
function held(leases: Leases, path: string): HeldLease {
  const lease = leases.take(path);
  assert(!(lease instanceof Lease), "the lease was free");
  return lease;
}

/** Writes a lease as a process leaves it that is killed. */
function leave(path: string, name: string, text: string): void {
  Deno.mkdirSync(path, { recursive: true });
  Deno.writeTextFileSync(join(path, name), text);
}

await needs(
  everything,
  "lease: one holder at a time; released, it leaves nothing",
  () =>
    inTemporary((folder) => {
      const path = join(folder, "runs/a/seed-1.claim");
      {
        using lease = take(new Leases(), path);
        assertEquals(held(new Leases(), path), {
          holder: thisHolder(),
          isAlive: true,
          isSettled: false,
        });
        assert(lease.renew());
      }
      assertEquals([...Deno.readDirSync(join(folder, "runs/a"))], []);
      using _again = take(new Leases(), path);
    }),
);

await needs(
  everything,
  "lease: an ended process of this machine loses it at once",
  () =>
    inTemporary((folder) => {
      const path = join(folder, "lease");
      const ended = { ...thisHolder(), process: 2 ** 22 + 1 };
      leave(path, "one", JSON.stringify(ended));
      leave(`${path}.two`, "two", JSON.stringify(ended));
      {
        using _lease = take(new Leases(), path);
        assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["lease"]);
      }
      // It was killed between two operations.
      Deno.mkdirSync(path);
      using _lease = take(new Leases(), path);
    }),
);

await needs(
  everything,
  "lease: a silent process of another machine loses it after a while",
  () =>
    inTemporary(async (folder) => {
      for (const text of [JSON.stringify(elsewhere()), "", "{}"]) {
        const path = join(folder, "lease");
        leave(path, "one", text);
        // Whatever its clock says.
        Deno.utimeSync(join(path, "one"), new Date(0), new Date(0));
        const leases = new Leases(BRIEF);
        let looks = 0;
        for (let lease = leases.take(path);; lease = leases.take(path)) {
          if (lease instanceof Lease) {
            lease[Symbol.dispose]();
            break;
          }
          assert(!lease.isAlive);
          looks++;
          await pause(20);
        }
        assert(looks > BRIEF.silence / BRIEF.beat, `${looks} looks`);
        // A long pause is no long watch.
        leave(path, "one", text);
        held(leases, path);
        await pause(2 * BRIEF.silence);
        held(leases, path);
        Deno.removeSync(path, { recursive: true });
      }
    }),
);

await needs(
  everything,
  "lease: a process of another machine that renews it keeps it",
  () =>
    inTemporary(async (folder) => {
      const path = join(folder, "lease");
      using lease = take(new Leases({ beat: 100 }, elsewhere()), path);
      const leases = new Leases({ beat: 300, silence: 1000 });
      assert(!held(leases, path).isAlive);
      for (const begun = performance.now(); performance.now() - begun < 1500;) {
        await pause(20);
        held(leases, path);
      }
      assertEquals(held(leases, path), { holder: elsewhere(), isAlive: true, isSettled: false });
      assert(lease.renew());
    }),
);

await needs(
  everything,
  "lease: of a holder on this machine whose number may be a later process's, only renewing shows life",
  () =>
    inTemporary(async (folder) => {
      const path = join(folder, "lease");
      using lease = take(new Leases({ beat: 100 }, { ...thisHolder(), started: null }), path);
      const leases = new Leases({ beat: 300, silence: 1000 });
      assert(!held(leases, path).isAlive);
      await pause(250);
      assert(held(leases, path).isAlive);
      assert(lease.renew());
    }),
);

await needs(
  everything,
  "lease: a process that lost it notices, and leaves the next holder's alone",
  () =>
    inTemporary(async (folder) => {
      const path = join(folder, "lease");
      const lost = take(new Leases(BRIEF, elsewhere()), path);
      Deno.renameSync(path, `${path}-aside`);
      await pause(4 * BRIEF.beat);
      Deno.renameSync(`${path}-aside`, path);
      assert(!lost.renew(), "a beat has noticed");
      Deno.removeSync(path, { recursive: true });
      using next = take(new Leases(), path);
      lost.settle();
      assert(!held(new Leases(), path).isSettled);
      lost[Symbol.dispose]();
      assert(next.renew());
      held(new Leases(), path);
    }),
);

await needs(
  everything,
  "lease: a settled one is held, renewed and released as before, and others see it",
  () =>
    inTemporary((folder) => {
      const path = join(folder, "lease");
      const leases = new Leases();
      {
        using lease = take(new Leases(), path);
        assert(!held(leases, path).isSettled);
        for (let i = 0; i < 2; i++) {
          lease.settle();
          assert(lease.renew());
          assertEquals(held(leases, path), {
            holder: thisHolder(),
            isAlive: true,
            isSettled: true,
          });
        }
      }
      assertEquals([...Deno.readDirSync(folder)], []);
      leave(path, "one.settled", JSON.stringify({ ...thisHolder(), process: 2 ** 22 + 1 }));
      using _again = take(leases, path);
    }),
);

await needs(
  everything,
  "lease: those who wait get it one after the other",
  () =>
    inTemporary(async (folder) => {
      const path = join(folder, "lease");
      let inside = 0;
      await Promise.all(Array.from({ length: 20 }, async () => {
        using _lease = await new Leases().wait(path);
        assertEquals(inside++, 0);
        await pause(1);
        inside--;
      }));
      assert(!existsSync(path));
    }),
);

await needs(
  everything,
  "lease: what the file system refuses is one line, and nothing is removed",
  () =>
    inTemporary(async (folder) => {
      await Deno.writeTextFile(join(folder, "file"), "text");
      for (const path of [join(folder, "file"), join(folder, "file/lease")]) {
        const failure = assertThrows(
          () => new Leases().take(path),
          Failure,
          `cannot write ${path}`,
        );
        assertEquals([failure.exit, failure.message.split("\n").length], [3, 1]);
      }
      assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["file"]);
      assertEquals(await Deno.readTextFile(join(folder, "file")), "text");
    }),
);

await needsDisk(
  everything,
  1 << 20,
  "lease: a read-only disk is a failure",
  (folder, readOnly) => {
    readOnly();
    assertThrows(() => new Leases().take(join(folder, "lease")), Failure, "cannot write");
  },
);
