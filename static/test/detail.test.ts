import assert from "node:assert/strict";
import { test } from "node:test";
import { CODES_PER_DOUBLING, crowdingOf } from "../src/scatter/crowding";
import { fairSample, Motion, Pace } from "../src/scatter/detail";

test("a sample holds no row twice and none that is not there", () => {
  for (const [rows, count] of [[1000, 300], [999_983, 5000], [7, 7], [4, 9], [1, 1], [0, 5]]) {
    const sample = fairSample(rows, count);
    assert.equal(sample.length, Math.min(rows, count));
    assert.equal(new Set(sample).size, sample.length, `${rows} rows`);
    assert.ok(sample.every((row) => row < rows));
  }
});

test("any prefix of the sample has its fair share of every stretch and every period of the rows", () => {
  const [rows, count] = [1_000_000, 300_000];
  const sample = fairSample(rows, count);
  for (const prefix of [1000, 30_000, count]) {
    const inTenth = new Array<number>(10).fill(0);
    const ofPeriod = new Array<number>(7).fill(0);
    for (const row of sample.subarray(0, prefix)) {
      inTenth[Math.floor((10 * row) / rows)] += 1;
      ofPeriod[row % 7] += 1;
    }
    for (const found of inTenth) assert.ok(Math.abs(found - prefix / 10) < 0.01 * prefix, `${found} of ${prefix}`);
    for (const found of ofPeriod) assert.ok(Math.abs(found - prefix / 7) < 0.02 * prefix, `${found} of ${prefix}`);
  }
});

test("the picture rests once a while after the last movement", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let rested = 0;
  const motion = new Motion(() => (rested += 1));
  assert.equal(motion.isOn, false);
  motion.moved();
  t.mock.timers.tick(100);
  motion.moved();
  t.mock.timers.tick(100);
  assert.deepEqual([motion.isOn, rested], [true, 0]);
  t.mock.timers.tick(60);
  assert.deepEqual([motion.isOn, rested], [false, 1]);
});

test("all points wait until nothing else is being drawn, and for another movement", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let rested = 0;
  const waiting: (() => void)[] = [];
  const motion = new Motion(
    () => (rested += 1),
    (then) => void waiting.push(then),
  );
  motion.moved();
  t.mock.timers.tick(200);
  assert.deepEqual([motion.isOn, rested, waiting.length], [true, 0, 1]);
  motion.moved();
  waiting[0]();
  assert.deepEqual([motion.isOn, rested], [true, 0]);
  t.mock.timers.tick(200);
  waiting[1]();
  assert.deepEqual([motion.isOn, rested], [false, 1]);
});

test("crowded points are told from lonely ones; what lies nowhere counts as alone", () => {
  const x = new Float32Array(70).fill(0.5);
  const y = new Float32Array(70).fill(-0.25);
  [x[64], x[65], y[66], x[67], y[67]] = [-0.9, NaN, Infinity, 1, 1];
  const { codes } = crowdingOf(x, y);
  assert.equal(codes[0], Math.round(CODES_PER_DOUBLING * Math.log2(66)));
  assert.deepEqual([codes[64], codes[65], codes[66], codes[67]], [0, 0, 0, 0]);
  assert.equal(crowdingOf(new Float32Array(0), new Float32Array(0)).codes.length, 0);
});

test("drawing is slow until the GPU has been quick, and again when it takes long", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let [now, finished] = [0, false];
  t.mock.method(performance, "now", () => now);
  const gl = {
    SIGNALED: 1,
    fenceSync: () => ({}),
    flush: () => undefined,
    isContextLost: () => false,
    getSyncParameter: () => Number(finished),
    deleteSync: () => undefined,
  };
  const pace = new Pace(gl as unknown as WebGL2RenderingContext);
  const draw = (milliseconds: number): boolean => {
    finished = false;
    pace.drawn();
    t.mock.timers.tick(20);
    now += milliseconds;
    finished = true;
    t.mock.timers.tick(20);
    return pace.isSlow;
  };
  assert.deepEqual([pace.isSlow, draw(16), draw(900), draw(10)], [true, false, true, false]);
  // the slower, the fewer are drawn in a frame of a movement
  const many = 1_000_000;
  assert.ok(draw(500) && pace.moving(many) > 100_000 && pace.moving(many) < 130_000);
  assert.ok(draw(60_000) && pace.moving(many) === 50_000);
  assert.ok(draw(100) && pace.moving(many) === 300_000);
});
