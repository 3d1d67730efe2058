import { assertEquals, assertRejects } from "@std/assert";
import { encodeMessage, readMessages } from "../../lib/engine/wire.ts";

/** A connection that gives these bytes in pieces of `size`. */
function connectionOf(bytes: Uint8Array, size: number) {
  let at = 0;
  return {
    read(into: Uint8Array): Promise<number | null> {
      const piece = bytes.subarray(at, at + Math.min(size, into.length));
      into.set(piece);
      at += piece.length;
      return Promise.resolve(piece.length === 0 ? null : piece.length);
    },
  };
}

const messages = [
  { kind: 1, bytes: Uint8Array.of(7, 8, 9) },
  { kind: 255, bytes: new Uint8Array() },
  { kind: 0, bytes: new Uint8Array(300).fill(5) },
];
const encoded = new Uint8Array(
  messages.flatMap(({ kind, bytes }) => [...encodeMessage(kind, bytes)]),
);

Deno.test("readMessages: reads messages from pieces of any size, and says that it hears", async () => {
  for (const size of [1, 4, 7, 1000]) {
    let heard = 0;
    const read = await Array.fromAsync(
      readMessages(connectionOf(encoded, size), 300, () => heard++),
    );
    assertEquals(read, messages);
    assertEquals(heard >= 5, true);
  }
});

Deno.test("readMessages: refuses a message that is cut off or too long", async () => {
  const cut = connectionOf(encoded.subarray(0, -1), 100);
  await assertRejects(() => Array.fromAsync(readMessages(cut, 300)), Error, "a message cut off");
  const long = connectionOf(encoded, 100);
  await assertRejects(() => Array.fromAsync(readMessages(long, 299)), Error, "of 300 bytes");
});
