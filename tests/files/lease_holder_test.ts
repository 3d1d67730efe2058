import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { hasEnded, leaseHolder, thisHolder } from "../../lib/files/lease_holder.ts";
import { everything, needs } from "../support/needs.ts";

await needs(everything, "thisHolder: is this process, survives JSON and has not ended", () => {
  const self = thisHolder();
  assertEquals([self.host, self.process], [Deno.hostname(), Deno.pid]);
  assertEquals(leaseHolder(JSON.parse(JSON.stringify(self)), "holder"), self);
  assert(!hasEnded(self));
  assertEquals(thisHolder(), self);
});

await needs(
  everything,
  "hasEnded: a process that is gone, and a later one with its number",
  async () => {
    const command = new Deno.Command(Deno.execPath(), { args: ["--version"], stdout: "null" });
    const child = command.spawn();
    await child.status;
    const self = thisHolder();
    assert(hasEnded({ ...self, process: child.pid, started: null }));
    assert(hasEnded({ ...self, process: child.pid, started: "1" }));
    assertNotEquals(self.started, "1");
    // Where the system does not tell when a process began, its number alone counts.
    assertEquals(hasEnded({ ...self, started: "1" }), self.started !== null);
    assert(!hasEnded({ ...self, started: null }));
  },
);
