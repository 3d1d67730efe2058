import { assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { ByteArray, unpickle } from "../../../datasets/files/pickle.ts";
import { stream } from "../../../lib/values/random.ts";
import { pickleOf } from "../../support/pickles.ts";
import { needsPython, runPython } from "../../support/python.ts";

const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const array = { shape: [2, 3], bytes: new Uint8Array([0, 1, 127, 128, 254, 255]) };

function contentsOf(pickle: Uint8Array) {
  const dict = unpickle(pickle);
  assertInstanceOf(dict, Map);
  const data = dict.get("data");
  assertInstanceOf(data, ByteArray);
  return { labels: dict.get("labels"), shape: data.shape, bytes: [...data.bytes] };
}

const expected = { labels: [3, 1], shape: [2, 3], bytes: [0, 1, 127, 128, 254, 255] };

Deno.test("unpickle: a dictionary of Python 2 with an array, which is no copy", () => {
  const pickle = pickleOf({ labels: [3, 1], data: array });
  assertEquals(contentsOf(pickle), expected);
  const data = (unpickle(pickle) as Map<string, ByteArray>).get("data");
  assertStrictEquals(data?.bytes.buffer, pickle.buffer);
});

Deno.test("unpickle: every plain value", () => {
  const value = (text: string) => unpickle(latin1(text));
  assertEquals(value("\x80\x02N."), null);
  assertEquals(value("\x80\x02]q\x00(\x88\x89K\xffM\x01\x02J\xfe\xff\xff\xffe."), [
    true,
    false,
    255,
    513,
    -2,
  ]);
  assertEquals(value("\x80\x02\x8a\x03\xff\xff\xff."), -1);
  assertEquals(value("\x80\x02\x8a\x00."), 0);
  assertEquals(value("\x80\x02G\x3f\xf8\x00\x00\x00\x00\x00\x00."), 1.5);
  assertEquals(value("\x80\x04\x8c\x02\xc3\xa9\x94h\x00\x86."), ["é", "é"]);
  assertEquals(value("\x80\x02)K\x01K\x02\x86K\x01K\x02K\x03\x87\x87."), [[], [1, 2], [1, 2, 3]]);
  assertEquals(value("\x80\x02}X\x01\x00\x00\x00aK\x01s."), new Map([["a", 1]]));
});

Deno.test("unpickle: what asks for code, or for another array, is refused by name", () => {
  const refused = (text: string, message: string) =>
    assertThrows(() => unpickle(latin1(text)), Error, message);
  refused("\x80\x02cos\nsystem\nU\x02ls\x85R.", '"os.system"');
  refused("\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.", '"builtins.eval"');
  refused("\x80\x02cnumpy\nndarray\n)R.", "it calls numpy.ndarray");
  refused("\x80\x02cnumpy\ndtype\nU\x02f4\x85R.", "an array of f4");
  refused("\x80\x02c__builtin__\nobject\n)\x81.", '"__builtin__.object"');
  refused("\x80\x02}}b.", "attributes of something other than an array");
  refused("\x80\x02(K\x01tQ.", "instruction 0x51");
  refused("\x80\x02U\xffx", "it ends early");
  refused("\x80\x02h\x07.", "recalls the value 7");
  refused("\x80\x02u.", "closes more than it opens");
  refused("\x80\x02}NK\x01s.", "in the place of a text");
  const encode = "\x80\x02c_codecs\nencode\nq\x00X\x40\x00\x00\x00" + "a".repeat(64) + "q\x01";
  refused(encode + "h\x00h\x01\x85R".repeat(6) + ".", "copies more than it has");
  const wrong = pickleOf({ data: { shape: [2, 4], bytes: array.bytes } });
  assertThrows(() => unpickle(wrong), Error, "do not fit");
});

Deno.test("unpickle: a changed byte gives another value or an error of ours", () => {
  const sound = pickleOf({ labels: [3, 1], names: ["a", "b"], data: array });
  const random = stream(0, "pickles");
  for (let i = 0; i < 5000; i++) {
    const bytes = sound.slice(0, random.below(8) === 0 ? random.below(sound.length) : undefined);
    if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
    try {
      unpickle(bytes);
    } catch (error) {
      assertEquals((error as Error).constructor, Error, String(error));
    }
  }
});

await needsPython(
  ["numpy"],
  "unpickle: protocols 2 to 5 of Python 3 have the same contents",
  async () => {
    const pickles = await runPython("pickled_arrays.py", [], [2, 3, 4, 5]) as string[];
    for (const pickle of pickles) assertEquals(contentsOf(Uint8Array.fromBase64(pickle)), expected);
    assertEquals(pickles.length, 4);
  },
);
