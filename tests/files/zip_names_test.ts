import { assertEquals, assertThrows } from "@std/assert";
import { decodeNames, type StoredName } from "../../lib/files/zip_names.ts";
import { unicodePath } from "../support/zip_file.ts";

const name = (...bytes: number[]): StoredName => ({
  bytes: Uint8Array.from(bytes),
  isUtf8: false,
  isDos: false,
});
const text = (value: string, isUtf8 = false): StoredName => ({
  ...name(...new TextEncoder().encode(value)),
  isUtf8,
});

Deno.test("zip names: UTF-8 where the zip says so, or where all others are", () => {
  assertEquals(decodeNames([text("é", true), text("a/日本")]), {
    names: ["é", "a/日本"],
    guessed: undefined,
  });
  const broken = { ...name(0x63, 0x82), isUtf8: true };
  assertThrows(() => decodeNames([broken]), Error, '"cé" in it is marked as UTF-8 and is not');
});

Deno.test("zip names: code page 437 where one of them is no UTF-8, each byte with its letter", () => {
  const all = Array.from({ length: 128 }, (_, i) => name(128 + i));
  const { names, guessed } = decodeNames(all);
  assertEquals(new Set(names).size, 128);
  assertEquals([names[0x02], names[0x61], names[0x7f], guessed], ["é", "ß", "\u00a0", "Ç"]);
  // As for Python: é in UTF-8 beside another encoding, and a name that says what it is.
  assertEquals(decodeNames([text("é"), name(0x82), text("ü", true), text("a")]), {
    names: ["├⌐", "é", "ü", "a"],
    guessed: "├⌐",
  });
});

Deno.test("zip names: Info-ZIP's extra field has the name, if it is of the stored one", () => {
  const stored = name(0x63, 0x3f);
  const field = (of: StoredName) => unicodePath("cé", of.bytes).slice(4) as Uint8Array<ArrayBuffer>;
  assertEquals(decodeNames([{ ...stored, unicodePath: field(stored) }]).names, ["cé"]);
  assertEquals(decodeNames([{ ...stored, unicodePath: field(text("d")) }]).names, ["c?"]);
  assertEquals(decodeNames([{ ...stored, unicodePath: new Uint8Array(3) }]).names, ["c?"]);
});

Deno.test("zip names: folders by \\ on DOS, never where it may be half a letter", () => {
  const dos = (value: string) => ({ ...text(value), isDos: true });
  assertEquals(decodeNames([dos("a\\b\\c"), dos("a/b\\c"), text("a\\b")]).names, [
    "a/b/c",
    "a/b\\c",
    "a\\b",
  ]);
  // 表 in Shift-JIS.
  const shiftJis = { ...name(0x95, 0x5c, 0x61), isDos: true };
  assertThrows(() => decodeNames([shiftJis]), Error, "unknown encoding: pack it again");
});
