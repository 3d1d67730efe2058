import { assertEquals, assertRejects } from "@std/assert";
import { readFeatures } from "../../lib/evaluation/features.ts";
import { studentSubject, teacherSubjects } from "../../lib/run/subjects.ts";
import { readTrainedStudent } from "../../lib/run/trained.ts";
import { Failure } from "../../lib/values/failure.ts";
import { sha256 } from "../../lib/values/sha256.ts";
import { everything, needs } from "../support/needs.ts";
import { PAIR, toys } from "../support/toy_runs.ts";
import { accuracyOf } from "../support/trial.ts";

const WITH_FILE = `${PAIR}
export const taught = experiment(import.meta, {
  dataset,
  schedule,
  teacher: retort.weights(large, { file: "teacher.safetensors" }),
  student: small,
  distiller: kd(),
});
export const other = experiment(import.meta, {
  dataset: synthetic({ size: 8, train: 64, test: 16, classes: 5 }),
  schedule,
  teacher: from(teacher),
  student: small,
  distiller: kd(),
});
`;

await needs(
  everything,
  "subjects: the student and the teacher of a run have the scores that it recorded",
  () =>
    toys(WITH_FILE, async (toys) => {
      const settings = toys.settings();
      const student = await toys.experiment("student");
      const failure = await assertRejects(() => teacherSubjects(student, settings), Failure);
      assertEquals(failure.exit, 3);
      assertEquals(
        failure.message,
        "toy#teacher seed 1 is not trained yet; `deno task exp toy#teacher --seed 1` trains it",
      );
      const trial = await toys.run("student");
      const own = studentSubject(await readTrainedStudent(student, 1, "last"));
      const [teacher, ...others] = await teacherSubjects(student, settings);
      assertEquals(others, []);
      assertEquals([own.network.id, teacher.network.id], ["small", "large"]);
      const weights = toys.of("teacher", 1, "last.safetensors");
      const digest = await sha256(await Deno.readFile(weights));
      assertEquals([teacher.file.path, teacher.file.sha256], [weights, digest]);
      const score = async (subject: typeof own) => {
        const { labels, logits } = await readFeatures(subject, settings);
        const rows = Array.from(labels, (_, i) => logits.subarray(5 * i, 5 * i + 5));
        const hits = rows.filter((row, i) => row.indexOf(Math.max(...row)) === labels[i]);
        return 100 * hits.length / rows.length;
      };
      assertEquals(await score(own), accuracyOf(trial).last);
      assertEquals(await score(teacher), trial.teachers[0].score.top1);

      await Deno.copyFile(weights, toys.path("teacher.safetensors"));
      const [external] = await teacherSubjects(await toys.experiment("taught"), settings);
      assertEquals([external.network.id, external.learned], ["large", undefined]);
      assertEquals(await score(external), await score(teacher));

      // It learned from other images than those that it is examined on.
      const [elsewhere] = await teacherSubjects(await toys.experiment("other"), settings);
      assertEquals(elsewhere.learned, undefined);
      assertEquals((await readFeatures(elsewhere, settings)).images.length, 16);
    }),
);
