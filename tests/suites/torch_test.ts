/** Files that PyTorch itself wrote. The test is ignored without PyTorch. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Failure } from "../../lib/values/failure.ts";
import type { Value } from "../../lib/weights/value.ts";
import { readWeights } from "../../lib/weights/weights_file.ts";
import { hasPackage } from "../bench/processes.ts";
import { everything, granted, needs } from "../support/needs.ts";
import { inTemporary } from "../support/temporary.ts";

const name = "torch: saved tensors are read bit by bit, and executable code is refused by its name";

if (await granted(everything)) {
  const python = Deno.env.get("RETORT_PYTHON") || "python3";
  const isThere = await hasPackage(python, "torch");
  Deno.test({
    name: isThere ? name : `${name} (needs PyTorch: RETORT_PYTHON names a Python)`,
    ignore: !isThere,
    fn: (t) => inTemporary((folder) => check(t, folder, python)),
  });
} else await needs(everything, name, () => {});

/**
 * Writes the files. A JSON file beside each has the names, shapes and single-precision bits of its
 * tensors, except beside the files that are refused.
 */
const SCRIPT = `
import argparse, functools, json, numpy, os, torch
torch.manual_seed(3)
net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten(), torch.nn.Linear(16, 5))
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
net(torch.randn(2, 3, 4, 4)).sum().backward()
opt.step()

def save(name, value, sd, **how):
    torch.save(value, name, **how)
    bits = lambda t: t.detach().float().contiguous().numpy().tobytes().hex()
    tensors = [[k, list(v.shape), bits(v)] for k, v in sd.items() if "num_batches" not in k]
    json.dump(tensors, open(name + ".json", "w"))

def both(name, value, sd, **how):
    save(name + ".new.pth", value, sd, **how)
    save(name + ".old.pth", value, sd, _use_new_zipfile_serialization=False, **how)

sd = net.state_dict()
for protocol in (2, 3, 4, 5):
    both(f"bare{protocol}", sd, sd, pickle_protocol=protocol)
both("state", {
    "epoch": 3, "model": {"module." + k: v for k, v in sd.items()}, "best_acc": torch.tensor(71.25), "accuracy": 71.2,
    "optimizer": opt.state_dict(), "arch": "vgg8", "size": torch.Size([3, 4]), "dtype": torch.float16,
    "device": torch.device("cpu"), "rng": torch.get_rng_state(), "note": None, "big": 2 ** 70,
}, sd)
distiller = {**{"module.student." + k: v for k, v in sd.items()}, **{"module.teacher." + k: v for k, v in sd.items()}}
both("distiller", {"model": distiller, "epoch": 240}, sd)

row = torch.arange(24.0)
odd = {
    "turned": row.reshape(4, 6).t(), "cut": row[5:9], "even": row[::2], "cube": row.reshape(2, 3, 4).permute(2, 0, 1),
    "spread": torch.ones(1).expand(5), "last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
    "parameter": torch.nn.Parameter(row[3:7]), "same": row, "one": torch.tensor(2.5), "none": torch.zeros(0, 3),
    "half": row.half(), "bfloat": torch.randn(5).bfloat16(), "double": torch.randn(5).double(), "nan": row / 0,
}
both("odd", odd, odd)

class Evil:
    def __reduce__(self):
        return os.system, ("touch pwned",)
both("refused.module", net, {})
both("options", {"model": sd, "opt": argparse.Namespace(lr=1), "acc": numpy.float64(71.5), "seen": {1}, "hook": functools.partial(int, base=2)}, sd)
named = torch.nn.Parameter(row[:4]); named.group = "a"
typed = {"named": named, "buffer": torch.nn.Buffer(row[:3]), "neg": torch.imag(torch.tensor([1 + 2j, -3j]).conj()),
    "float8": torch.tensor([0.5, -448.0]).to(torch.float8_e4m3fn)}
both("typed", typed, {k: v.float() for k, v in typed.items()})
quantised = {"q": torch.quantize_per_tensor(torch.randn(4, 3), 0.013, 2, torch.qint8), "s": torch.eye(3).to_sparse()}
both("derived", quantised, {"q": quantised["q"].dequantize(), "s": quantised["s"].to_dense()})
both("refused.evil", {"model": sd, "x": Evil()}, {})
torch.jit.script(net).save("refused.script.new.pth")
torch.serialization.set_crc32_options(False)
save("unchecked.new.pth", sd, sd)
`;

const FACTS: Readonly<Record<string, unknown>> = {
  state: { epoch: 3, best_acc: 71.25, accuracy: 71.2, arch: "vgg8", device: "cpu" },
  distiller: { epoch: 240 },
  options: { "opt.lr": 1, acc: 71.5, "hook.base": 2 },
};

const REFUSED: Readonly<Record<string, string>> = {
  module: "torch.nn.modules.container.Sequential",
  evil: Deno.build.os === "windows" ? "nt.system" : "posix.system",
  script: "TorchScript",
};

async function check(t: Deno.TestContext, folder: string, python: string): Promise<void> {
  const { success } = await new Deno.Command(python, {
    args: ["-c", SCRIPT],
    cwd: folder,
    stderr: "inherit",
  }).output();
  assertEquals(success, true);
  const files = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) =>
    name.endsWith(".pth")
  ).sort();
  assertEquals(files.length, 26);
  for (const name of files) {
    const [what, part] = name.split(".");
    await t.step(
      name,
      () =>
        what === "refused"
          ? assertRefuses(folder, name, REFUSED[part])
          : assertReads(folder, name, FACTS[what]),
    );
  }
  await assertRejects(() => Deno.stat(`${folder}/pwned`), Deno.errors.NotFound);
}

async function assertReads(folder: string, name: string, facts: unknown = {}): Promise<void> {
  const file = await readWeights(`${folder}/${name}`);
  const expected = JSON.parse(await Deno.readTextFile(`${folder}/${name}.json`));
  assertEquals(
    Array.from(file.tensors, ([key, value]) => [key, [...value.shape], bits(value)]),
    expected,
  );
  assertEquals(file.facts, facts);
  assertEquals(file.format, name.includes(".old.") ? "pytorch-legacy" : "pytorch");
}

const bits = ({ data }: Value): string =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength).toHex();

async function assertRefuses(folder: string, name: string, asked: string): Promise<void> {
  const failure = await assertRejects(() => readWeights(`${folder}/${name}`), Failure, asked);
  assertEquals(failure.exit, 3);
  assertStringIncludes(failure.message, `${folder}/${name} `);
}
