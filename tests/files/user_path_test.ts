import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { userFolder, userPath } from "../../lib/files/user_path.ts";
import { needs } from "../support/needs.ts";

/** Runs with `INIT_CWD` set, and sets it back. */
function calledIn<T>(folder: string | undefined, use: () => T): T {
  const before = Deno.env.get("INIT_CWD");
  const set = (value: string | undefined) =>
    value === undefined ? Deno.env.delete("INIT_CWD") : Deno.env.set("INIT_CWD", value);
  set(folder);
  try {
    return use();
  } finally {
    set(before);
  }
}

await needs(
  ["read", "env"],
  "userPath: is from the folder below the working one in which the user stands",
  () => {
    const below = join(Deno.cwd(), "experiments");
    calledIn(below, () => {
      assertEquals(userFolder(), below);
      assertEquals(userPath("a.ts"), join(below, "a.ts"));
      assertEquals(userPath("../a.ts"), join(Deno.cwd(), "a.ts"));
      assertEquals(userPath("/a.ts"), "/a.ts");
    });
  },
);

await needs(
  ["read", "env"],
  "userPath: a folder elsewhere was another command's, and a path stays as it is",
  () => {
    for (const folder of [undefined, Deno.cwd(), "/", `${Deno.cwd()}-2`]) {
      calledIn(folder, () => {
        assertEquals([userFolder(), userPath("a.ts")], [Deno.cwd(), "a.ts"]);
      });
    }
  },
);
