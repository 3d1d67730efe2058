import { assertEquals } from "@std/assert";
import { sha256 } from "../../lib/values/sha256.ts";

Deno.test("sha256: matches the standard's test vectors", async () => {
  const digest = (text: string) => sha256(new TextEncoder().encode(text));
  assertEquals(
    await digest(""),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
  assertEquals(
    await digest("abc"),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

Deno.test("sha256: hashes only the bytes of a view", async () => {
  assertEquals(await sha256(Uint8Array.of(1, 2, 3).subarray(1)), await sha256(Uint8Array.of(2, 3)));
});
