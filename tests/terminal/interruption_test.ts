import { assertEquals, assertStringIncludes } from "@std/assert";
import { setTimeout as pause } from "node:timers/promises";
import { Child } from "../support/child.ts";
import { everything, needs } from "../support/needs.ts";

/** Runs a process that listens, until `use` is done. */
async function listening(use: (child: Child) => Promise<void>): Promise<void> {
  await using child = new Child("listening_process.ts");
  assertEquals(await child.line(), "ready");
  await use(child);
}

/** Sends a signal that stops, and reads what the process says. */
async function stop(child: Child, signal: Deno.Signal): Promise<void> {
  child.signal(signal);
  assertStringIncludes(await child.line() ?? "", "interrupted: it stops as soon as");
}

await needs(
  everything,
  "Interruption: Ctrl-C counts once within a second, also while the event loop is held",
  () =>
    listening(async (child) => {
      await stop(child, "SIGINT");
      child.signal("SIGINT");
      await pause(20);
      child.signal("SIGINT");
      assertEquals(await child.ask("state"), "true false");
      assertEquals(await child.ask("busy 1500"), "busy");
      await pause(100);
      child.signal("SIGINT");
      assertEquals(await child.ask("state"), "true false");
    }),
);

await needs(
  everything,
  "Interruption: a second Ctrl-C ends with exit code 130, another signal does not",
  () =>
    listening(async (child) => {
      await stop(child, "SIGTERM");
      await pause(1500);
      for (const signal of ["SIGTERM", "SIGHUP"] as const) child.signal(signal);
      assertEquals(await child.ask("state"), "true false");
      child.signal("SIGINT");
      assertEquals((await child.status).code, 130);
    }),
);

await needs(
  everything,
  "Interruption: SIGUSR1 and SIGUSR2 ask to save, again and again; SIGXCPU and SIGHUP stop",
  () =>
    listening(async (child) => {
      for (const signal of ["SIGUSR1", "SIGUSR2", "SIGUSR1"] as const) {
        child.signal(signal);
        await pause(50);
        assertEquals(await child.ask("state"), "false true");
        assertEquals(await child.ask("state"), "false false");
      }
      await stop(child, "SIGXCPU");
      child.signal("SIGHUP");
    }),
);
