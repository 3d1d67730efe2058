import { Buffer } from "node:buffer";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { zipSync } from "fflate";
import { openZip, readZip } from "../../lib/files/zip.ts";
import { Failure } from "../../lib/values/failure.ts";
import { memorySource } from "../support/memory_source.ts";
import { needs } from "../support/needs.ts";
import { inTemporary } from "../support/temporary.ts";
import { unicodePath, zipFile } from "../support/zip_file.ts";

const text = (value: string) => new TextEncoder().encode(value);
const long = text("retort ".repeat(300));
const small = (): Uint8Array =>
  zipSync({
    "a/stored.txt": [text("as it is"), { level: 0 }],
    "a/packed.txt": long,
    "b/": [new Uint8Array(), {}],
  });

/** Finds a text in bytes, at its first occurrence or, counted from 0, a later one. */
function find(bytes: Uint8Array, pattern: string, time = 0): number {
  const latin = new TextDecoder("latin1").decode(bytes);
  let at = -1;
  for (let i = 0; i <= time; i++) at = latin.indexOf(pattern, at + 1);
  if (at < 0) throw new Error(`no ${pattern}`);
  return at;
}

const assertRefused = (path: string, bytes: Uint8Array, message: string, read?: string): void => {
  Deno.writeFileSync(path, bytes);
  const failure = assertThrows(() => {
    const zip = openZip(path);
    try {
      if (read) zip.read(read);
    } finally {
      zip.close();
    }
  }, Failure);
  assertEquals(failure.exit, 3);
  for (const part of [path, message]) {
    assertEquals(failure.message.includes(part), true, failure.message);
  }
};

await needs(
  ["read", "write"],
  "zip: reads stored and deflated entries",
  () =>
    inTemporary((folder) => {
      Deno.writeFileSync(`${folder}/z.zip`, small());
      const zip = openZip(`${folder}/z.zip`);
      assertEquals(zip.names, ["a/stored.txt", "a/packed.txt", "b/"]);
      assertEquals(zip.read("a/packed.txt"), long);
      assertEquals(zip.read("a/stored.txt"), text("as it is"));
      assertEquals(zip.read("b/").length, 0);
      assertThrows(() => zip.read("c"), Failure, "c cannot be read (it is not in the zip)");
      zip.close();
    }),
);

await needs(["read", "write"], "zip: reads a file with a comment", () =>
  inTemporary((folder) => {
    const plain = small();
    const comment = text("PK\x05\x06 is not the end");
    const bytes = new Uint8Array([...plain, ...comment]);
    new DataView(bytes.buffer).setUint16(plain.length - 2, comment.length, true);
    Deno.writeFileSync(`${folder}/z.zip`, bytes);
    const zip = openZip(`${folder}/z.zip`);
    assertEquals(zip.names.length, 3);
    zip.close();
  }));

/**
 * Creates a zip64 file of one stored entry, with its sizes and offset only in the zip64 records.
 */
function zip64(name: string, content: Uint8Array, crc: number): Uint8Array {
  const out: number[] = [];
  const put = (bytes: number, ...values: number[]) => {
    for (const value of values) {
      for (let i = 0; i < bytes; i++) out.push(Math.floor(value / 2 ** (8 * i)) % 256);
    }
  };
  const all = 0xffffffff;
  const length = content.length;
  const bytes = text(name);
  put(4, 0x04034b50),
    put(2, 45, 0, 0, 0, 0),
    put(4, crc, length, length),
    put(2, bytes.length, 0),
    out.push(...bytes, ...content);
  const central = out.length;
  put(4, 0x02014b50),
    put(2, 45, 45, 0, 0, 0, 0),
    put(4, crc, all, all),
    put(2, bytes.length, 28, 0, 0, 0),
    put(4, 0, all);
  out.push(...bytes), put(2, 1, 24), put(8, length, length, 0);
  const end = out.length;
  put(4, 0x06064b50),
    put(8, 44),
    put(2, 45, 45),
    put(4, 0, 0),
    put(8, 1, 1, end - central, central);
  put(4, 0x07064b50, 0), put(8, end), put(4, 1);
  put(4, 0x06054b50), put(2, 0, 0, 0xffff, 0xffff), put(4, all, all), put(2, 0);
  return Uint8Array.from(out);
}

await needs(["read", "write"], "zip: reads zip64", () =>
  inTemporary((folder) => {
    Deno.writeFileSync(`${folder}/z.zip`, zip64("a/123.txt", text("123456789"), 0xcbf43926));
    const zip = openZip(`${folder}/z.zip`);
    assertEquals(zip.read("a/123.txt"), text("123456789"));
    zip.close();
  }));

await needs(
  ["read", "write"],
  "zip: an absent, incomplete or different file is refused",
  () =>
    inTemporary((folder) => {
      const path = `${folder}/z.zip`;
      const bytes = small();
      assertThrows(() => openZip(path), Failure, path);
      for (const length of [0, 10, 100, bytes.length - 1]) {
        assertRefused(path, bytes.slice(0, length), "only a part of one");
      }
      assertRefused(path, text("no zip at all ".repeat(100)), "is no zip file");
      const moved = bytes.slice();
      new DataView(moved.buffer).setUint32(moved.length - 6, bytes.length * 2, true);
      assertRefused(path, moved, "only a part of one");
    }),
);

await needs(
  ["read", "write"],
  "zip: a name that leads out of the folder is refused",
  () =>
    inTemporary((folder) => {
      for (const name of ["../evil", "a/../../evil", "/etc/evil", "C:/evil", "a/..", "a/b\\evil"]) {
        assertRefused(`${folder}/z.zip`, zipSync({ [name]: text("x") }), JSON.stringify(name));
      }
      for (const name of ["..\\evil", "\\etc\\evil", "C:\\evil"]) {
        const refused = JSON.stringify(name.replaceAll("\\", "/"));
        assertRefused(`${folder}/z.zip`, zipFile([{ name, system: 0 }]), refused);
        assertRefused(`${folder}/z.zip`, zipFile([{ name }]), JSON.stringify(name));
      }
      Deno.writeFileSync(`${folder}/z.zip`, zipSync({ "a..b/c..": text("x") }));
      openZip(`${folder}/z.zip`).close();
    }),
);

await needs(
  ["read", "write"],
  "zip: a damaged, encrypted or unsupported entry is refused by name",
  () =>
    inTemporary((folder) => {
      const path = `${folder}/z.zip`;
      const damage = (change: (bytes: Uint8Array) => void) => {
        const bytes = small();
        change(bytes);
        return bytes;
      };
      const central = (bytes: Uint8Array) => find(bytes, "PK\x01\x02");
      assertRefused(path, damage((b) => b[find(b, "as it is")] ^= 1), "CRC-32", "a/stored.txt");
      assertRefused(
        path,
        damage((b) => b[find(b, "a/packed.txt") + 20] ^= 0xff),
        "a/packed.txt",
        "a/packed.txt",
      );
      assertRefused(path, damage((b) => b[central(b) + 8] |= 1), "encrypted", "a/stored.txt");
      assertRefused(path, damage((b) => b[central(b) + 10] = 93), "Zstandard", "a/stored.txt");
      assertRefused(path, damage((b) => b[0] = 0), "a/stored.txt", "a/stored.txt");
      // A declared size below the real one: otherwise, a small file could fill the memory.
      assertRefused(
        path,
        damage((b) => b[find(b, "PK\x01\x02", 1) + 24] = 1),
        "a/packed.txt",
        "a/packed.txt",
      );
    }),
);

Deno.test("zip: entries part by part are those read whole, and are checked alike", async () => {
  const noise = Uint8Array.from({ length: 600_000 }, (_, i) => i * i % 251 ^ i >> 9);
  const bytes = zipSync({
    "packed.bin": noise,
    "stored.bin": [noise, { level: 0 }],
    "none.bin": new Uint8Array(),
  }) as Uint8Array<ArrayBuffer>;
  const partsOf = (zip: Uint8Array<ArrayBuffer>, name: string) =>
    Array.fromAsync(readZip(memorySource("z.zip", zip)).parts(name));
  for (const [name, least] of [["packed.bin", 2], ["stored.bin", 3], ["none.bin", 0]] as const) {
    const parts = await partsOf(bytes, name);
    assertEquals(parts.length >= least, true);
    assertEquals(
      Buffer.concat(parts).equals(readZip(memorySource("z.zip", bytes)).read(name)),
      true,
    );
  }
  const central = find(bytes, "PK\x01\x02");
  const damages = [
    ["packed.bin", find(bytes, "packed.bin") + 5000],
    ["stored.bin", find(bytes, "stored.bin") + 500],
    ["packed.bin", central + 16],
    ["packed.bin", central + 24],
    ["packed.bin", central + 10],
    ["packed.bin", 0],
  ] as const;
  for (const [name, at] of damages) {
    const damaged = bytes.slice();
    damaged[at] ^= 0x55;
    const { exit, message } = await assertRejects(() => partsOf(damaged, name), Failure);
    assertEquals([exit, message.startsWith(`z.zip: ${name} cannot be read (`)], [3, true], message);
  }
  await assertRejects(() => partsOf(bytes, "other"), Failure, "it is not in the zip");
});

Deno.test("zip: knows the sizes of its entries, and limits their number", () => {
  const source = memorySource("z.zip", small() as Uint8Array<ArrayBuffer>);
  const zip = readZip(source, 3);
  assertEquals(["a/stored.txt", "a/packed.txt", "c"].map(zip.size), [8, long.length, undefined]);
  assertEquals(zip.read("a/stored.txt"), text("as it is"));
  assertThrows(() => readZip(source, 2), Failure, "it lists 3 entries instead of at most 2");
});

Deno.test("zip: sizes beyond the end of the file are refused before memory is allocated", () => {
  const bytes = small() as Uint8Array<ArrayBuffer>;
  const view = new DataView(bytes.buffer);
  const at = find(bytes, "PK\x01\x02");
  for (const field of [20, 24]) view.setUint32(at + field, 0xfffffff0, true);
  assertThrows(
    () => readZip(memorySource("z.zip", bytes)).read("a/stored.txt"),
    Failure,
    "bytes early",
  );
});

const zipOf = (...entries: Parameters<typeof zipFile>[0]) =>
  readZip(memorySource("z.zip", zipFile(entries)));

Deno.test("zip: names of other programs are decoded, and the first one that was guessed is named", () => {
  const stored = text("caf?");
  const known = zipOf(
    { name: "é/日本", flags: 0x800, content: text("1") },
    { name: "a\\b", system: 0, content: text("2") },
    { name: stored, extra: unicodePath("café", stored), content: text("3") },
  );
  assertEquals([known.names, known.guessed], [["é/日本", "a/b", "café"], undefined]);
  assertEquals(known.names.map((name) => known.read(name)[0] - 48), [1, 2, 3]);
  const guessed = zipOf({ name: Uint8Array.of(0x82) }, { name: Uint8Array.of(0x8a) });
  assertEquals([guessed.names, guessed.guessed], [["é", "è"], "é"]);
});

Deno.test("zip: a name that is there twice is refused, unless it is a folder", () => {
  assertEquals(zipOf({ name: "a/" }, { name: "a/" }).names, ["a/"]);
  const { message } = assertThrows(() => zipOf({ name: "a" }, { name: "a" }), Failure);
  assertEquals(message, 'z.zip is refused: "a" is in it more than once: pack it again');
});

Deno.test("zip: the beginning of an entry is read alone", () => {
  const zip = readZip(memorySource("z.zip", small() as Uint8Array<ArrayBuffer>));
  assertEquals(zip.head("a/packed.txt", 20), long.slice(0, 20));
  assertEquals(zip.head("a/stored.txt", 5), text("as it"));
  assertEquals(zip.head("a/stored.txt", 50), text("as it is"));
  const locked = zipOf({ name: "a", flags: 1 }, { name: "b", method: 9 });
  assertThrows(() => locked.head("a", 5), Failure, "without a password");
  assertThrows(() => locked.read("b"), Failure, "it is compressed by Deflate64");
});

Deno.test("zip: a part of several is refused as that, and an empty zip has no names", () => {
  const bytes = zipFile([]);
  assertEquals(readZip(memorySource("z.zip", bytes)).names, []);
  new DataView(bytes.buffer).setUint16(4, 2, true);
  assertThrows(() => readZip(memorySource("z.zip", bytes)), Failure, "the last of several parts");
});

Deno.test("zip: zeros after a zip are passed over, as by Python, other bytes are not", () => {
  const bytes = zipFile([{ name: "a/b", content: text("content") }]);
  const padded = (...end: number[]) => memorySource("z.zip", Uint8Array.of(...bytes, ...end));
  for (const zeros of [1, 30, 512]) {
    const zip = readZip(padded(...new Array(zeros).fill(0)));
    assertEquals([zip.names, zip.read("a/b")], [["a/b"], text("content")]);
  }
  assertThrows(() => readZip(padded(0, 1)), Failure, "no table of contents at its end");
});

Deno.test("zip: what stands before a zip is passed over, as by Python", () => {
  const bytes = zipFile([{ name: "./a/b", content: text("content") }]);
  const around = Uint8Array.of(...text("#!/bin/sh"), ...bytes);
  const zip = readZip(memorySource("z.zip", around));
  assertEquals([zip.names, zip.read("a/b")], [["a/b"], text("content")]);
});

Deno.test("zip: an archive of another format is called what it is", () => {
  const rar = Uint8Array.of(...text("Rar!"), ...new Uint8Array(100));
  const { message } = assertThrows(() => readZip(memorySource("z.zip", rar)), Failure);
  assertEquals(message, "z.zip is an archive of RAR, not a zip: unpack it");
});

await needs(
  ["read", "write"],
  "zip: macOS counts entries without multiples of 65,536, and any other count is refused",
  () =>
    inTemporary((folder) => {
      const names = Array.from({ length: 65_540 }, (_, i) => `a/${i}.txt`);
      const bytes = zipFile(names.map((name) => ({ name, content: text("x") })));
      const end = find(bytes, "PK\x05\x06");
      const count = (value: number) => {
        const changed = Uint8Array.from(bytes);
        new DataView(changed.buffer).setUint16(end + 8, value, true);
        new DataView(changed.buffer).setUint16(end + 10, value, true);
        return changed;
      };
      Deno.writeFileSync(`${folder}/mac.zip`, count(names.length % 65536));
      const zip = openZip(`${folder}/mac.zip`);
      assertEquals(zip.names.length, names.length);
      assertEquals(zip.read("a/65539.txt"), text("x"));
      zip.close();
      assertRefused(`${folder}/cut.zip`, count(3), "it lists 3 entries and has 65540");
      const shorter = small();
      new DataView(shorter.buffer).setUint16(find(shorter, "PK\x05\x06") + 10, 2, true);
      assertRefused(`${folder}/short.zip`, shorter, "it lists 2 entries and has 3");
    }),
);
