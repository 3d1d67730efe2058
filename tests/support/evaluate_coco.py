"""Evaluates pairs of COCO's instances and results by pycocotools. Reads and prints JSON."""

import contextlib
import json
import sys

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def evaluate(instances, results):
    truth = COCO()
    truth.dataset = {"info": {}, **instances}
    truth.createIndex()
    evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    arrays = {name: evaluation.eval[name].ravel().tolist() for name in ("precision", "scores", "recall")}
    return {"stats": evaluation.stats.tolist(), **arrays}


cases = json.load(sys.stdin)
with contextlib.redirect_stdout(sys.stderr):
    found = [evaluate(**case) for case in cases]
json.dump(found, sys.stdout)
