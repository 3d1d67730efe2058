import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { crc32c, EventWriter } from "../../lib/files/event_file.ts";
import { Failure } from "../../lib/values/failure.ts";
import { needsDisk } from "../support/disk.ts";
import { needs } from "../support/needs.ts";

/** Decodes a protocol buffer's fields by number, independent of their meaning. */
function decodeFields(bytes: Uint8Array): Map<number, number | Uint8Array> {
  const found = new Map<number, number | Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  let at = 0;
  const varint = () => {
    let value = 0n;
    let shift = 0n;
    for (;; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const field = key >> 3;
    assert(!found.has(field));
    if ((key & 7) === 0) found.set(field, varint());
    else if ((key & 7) === 1) found.set(field, view.getFloat64((at += 8) - 8, true));
    else if ((key & 7) === 5) found.set(field, view.getFloat32((at += 4) - 4, true));
    else {
      const length = varint();
      assert((key & 7) === 2 && at + length <= bytes.length);
      found.set(field, bytes.subarray(at, at += length));
    }
  }
  return found;
}

interface Scalar {
  tag: string;
  value: number;
  step: number;
  seconds: number;
}

const text = (bytes: unknown): string =>
  new TextDecoder("utf-8", { fatal: true }).decode(bytes as Uint8Array);
const unmask = (crc: number): number => {
  const rotated = crc - 0xa282ead8 >>> 0;
  return (rotated >>> 17 | rotated << 15) >>> 0;
};

/** Reads the scalars of an event file and asserts that every frame is complete and correct. */
function readScalars(path: string): Scalar[] {
  const bytes = Deno.readFileSync(path);
  const view = new DataView(bytes.buffer);
  const messages: Map<number, number | Uint8Array>[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    const data = bytes.subarray(at + 12, at + 12 + length);
    assertEquals(unmask(view.getUint32(at + 8, true)), crc32c(bytes.subarray(at, at + 8)));
    assertEquals(unmask(view.getUint32(at + 12 + length, true)), crc32c(data));
    messages.push(decodeFields(data));
    at += 16 + length;
  }
  const [version, ...events] = messages;
  assertEquals(text(version.get(3)), "brain.Event:2");
  assertEquals([...version.keys()], [1, 3]);
  return events.map((event) => {
    assertEquals([...event.keys()], [1, 2, 5]);
    const value = decodeFields(decodeFields(event.get(5) as Uint8Array).get(1) as Uint8Array);
    assertEquals([...value.keys()], [1, 2]);
    return {
      tag: text(value.get(1)),
      value: value.get(2) as number,
      step: event.get(2) as number,
      seconds: event.get(1) as number,
    };
  });
}

/** Runs a test in a folder of its own and removes it afterwards. */
function withFolder(fn: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    fn(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** Logs two scalars for each step. */
function logSteps(writer: EventWriter, steps: readonly number[]): void {
  for (const step of steps) {
    writer.scalar("loss/task", step / 4, step, 1e9 + step);
    writer.scalar("top1", 50 + step, step, 1e9 + step);
  }
}

await needs(
  ["read", "write"],
  "EventWriter: an independent reader finds the same scalars",
  () =>
    withFolder((folder) => {
      const writer = new EventWriter(folder);
      assertMatch(writer.path, /\/events\.out\.tfevents\.\d{10}\.retort$/);
      const scalars: Scalar[] = [
        { tag: "loss/é", value: 2.5, step: 0, seconds: 1700000000.25 },
        { tag: "a".repeat(300), value: -0, step: 127, seconds: 1 },
        { tag: "top1", value: Infinity, step: 128, seconds: 1 },
        { tag: "top1", value: NaN, step: 2 ** 31, seconds: 1 },
        { tag: "top1", value: 1, step: 2 ** 53 - 1, seconds: 1 },
      ];
      for (const { tag, value, step, seconds } of scalars) writer.scalar(tag, value, step, seconds);
      assertEquals(readScalars(writer.path), scalars);
      const before = Date.now() / 1000;
      writer.scalar("now", 1, 3);
      const { seconds } = readScalars(writer.path).at(-1)!;
      assert(seconds >= before && seconds <= Date.now() / 1000);
    }),
);

await needs(
  ["read", "write"],
  "EventWriter: a resumed run leaves the same file as an uninterrupted one",
  () =>
    withFolder((folder) => {
      logSteps(new EventWriter(folder), [0, 1, 2, 3, 4]);
      const { path } = new EventWriter(folder, 2);
      assertEquals(readScalars(path).map(({ step }) => step), [0, 0, 1, 1, 2, 2]);
      logSteps(new EventWriter(folder, 2), [3, 4]);
      const resumed = readScalars(path);
      assertEquals([...Deno.readDirSync(folder)].length, 1);
      const fresh = new EventWriter(folder);
      assertEquals([fresh.path, readScalars(path)], [path, []]);
      logSteps(fresh, [0, 1, 2, 3, 4]);
      assertEquals(readScalars(path), resumed);
    }),
);

await needs(
  ["read", "write"],
  "EventWriter: keeps the complete frames before a cut or a damage at any place",
  () =>
    withFolder((folder) => {
      const writer = new EventWriter(folder);
      logSteps(writer, [0, 1, 2]);
      const bytes = Deno.readFileSync(writer.path);
      const all = readScalars(writer.path);
      for (let length = 0; length <= bytes.length; length++) {
        Deno.writeFileSync(writer.path, bytes.subarray(0, length));
        const resumed = new EventWriter(folder, 5);
        const kept = readScalars(writer.path);
        assertEquals(kept, all.slice(0, kept.length));
        assert(length < bytes.length ? kept.length < 6 : kept.length === 6);
        if (length % 16 > 0) continue;
        logSteps(resumed, [6]);
        assertEquals(readScalars(writer.path).length, kept.length + 2);
      }
      for (let at = 0; at < bytes.length; at++) {
        Deno.writeFileSync(writer.path, bytes.with(at, bytes[at] ^ 0x10));
        new EventWriter(folder, 5);
        const kept = readScalars(writer.path);
        assertEquals(kept, all.slice(0, kept.length));
        assert(kept.length < 6);
      }
    }),
);

await needs(
  ["read", "write"],
  "EventWriter: leaves other files in the folder unchanged",
  () =>
    withFolder((folder) => {
      const other = `${folder}/events.out.tfevents.1700000000.host`;
      Deno.writeTextFileSync(other, "another program's");
      logSteps(new EventWriter(folder), [0]);
      assertEquals(Deno.readTextFileSync(other), "another program's");
    }),
);

await needs(
  ["read", "write"],
  "EventWriter: a missing folder is a failure of exit 3",
  () =>
    withFolder((folder) => {
      const failure = assertThrows(
        () => new EventWriter(`${folder}/none`),
        Failure,
        `cannot write ${folder}/none/events`,
      );
      assertEquals(failure.exit, 3);
    }),
);

await needsDisk(
  ["read", "write"],
  8192,
  "EventWriter: a full disk is a failure of exit 3, and a new file takes up less room",
  (folder) => {
    const writer = new EventWriter(folder);
    const failure = assertThrows(
      () => {
        for (let step = 0; step < 1000; step++) writer.scalar("loss", 1, step);
      },
      Failure,
      "No space left on device",
    );
    assertEquals(failure.exit, 3);
    const before = Deno.statSync(writer.path).size;
    const { path } = new EventWriter(folder, 5);
    assert(readScalars(path).length === 6 && Deno.statSync(path).size < before);
  },
);

Deno.test("crc32c: matches the check value and RFC 3720's test vectors", () => {
  assertEquals(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assertEquals(crc32c(new Uint8Array(0)), 0);
  assertEquals(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assertEquals(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assertEquals(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
});
