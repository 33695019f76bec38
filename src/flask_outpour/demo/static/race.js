// The same file of two servers enters, as it comes; its rows against time leave, as lines.
import {
  readStream, shownBytes, shownCount, shownSeconds, still,
} from "./streams.js";

const course = document.getElementById("race-course");
const form = document.getElementById("race-form");
const button = form.querySelector("button");
const news = document.getElementById("race-news");
const plots = {
  rows: document.getElementById("plot-rows"),
  memory: document.getElementById("plot-memory"),
};
const names = { outpour: "Outpour", plain: "Plain Flask" };
const total = Number(course.dataset.rows);
/** Seconds between two points of a line, two looks at the worker, two drawings. */
const POINT = 0.02, LOOK = 0.25, FRAME = still ? 1 : 1 / 15;
/** The memory's scale ends here, or higher. */
const LEAST = 8e6;

let running = null;
let runs = {};

// Count the rows of a CSV file: a line end inside quotes ends none (RFC 4180).
const rowCounter = () => {
  let quoted = false;
  let rows = -1; // The first record has the names of the columns.
  return chunk => {
    for (let i = 0; i < chunk.length; i++) {
      if (chunk[i] === 34) quoted = !quoted;
      else if (chunk[i] === 10 && !quoted) rows++;
    }
    return Math.max(0, rows);
  };
};

const memoryOfWorker = async signal => {
  const response = await fetch("/worker", { signal });
  return (await response.json()).memory;
};

// Look at the worker until the run is over, and note what it has grown by.
const watch = async (run, signal) => {
  while (run.memory !== null && !run.over) {
    await new Promise(done => setTimeout(done, 1000 * LOOK));
    const grown = (await memoryOfWorker(signal)) - run.memory;
    run.grown = Math.max(run.grown, grown);
    run.looks.push([(performance.now() - run.start) / 1000, Math.max(0, grown)]);
  }
};

const read = async (side, signal) => {
  const count = rowCounter();
  const run = {
    rows: 0, bytes: 0, seconds: 0, firstByte: null, over: false,
    memory: await memoryOfWorker(signal), grown: 0,
    start: performance.now(), points: [[0, 0]], looks: [[0, 0]],
  };
  runs[side] = run;
  const reading = readStream(`/${side}/large.csv`, {
    signal,
    onResponse(response) {
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
    },
    onChunk(chunk, seconds) {
      run.firstByte ??= seconds;
      run.bytes += chunk.length;
      run.rows = count(chunk);
      run.seconds = seconds;
      if (seconds - run.points.at(-1)[0] >= POINT) run.points.push([seconds, run.rows]);
    },
  });
  const ended = reading.finally(() => (run.over = true));
  const [seen] = await Promise.all([ended, watch(run, signal)]);
  if (seen.error) throw new Error(seen.error);
  run.seconds = seen.seconds;
  run.points.push([run.seconds, run.rows]);
};

// Return a round number of seconds, at whose quarters stand round numbers, too.
const axis = seconds => {
  for (let unit = 1; ; unit *= 10) {
    for (const step of [1, 1.2, 1.6, 2, 4, 6, 8]) {
      if (step * unit >= seconds) return step * unit;
    }
  }
};

const show = (side, run) => {
  const lane = course.querySelector(`[data-lane=${side}]`);
  const set = (key, text) =>
    (lane.querySelector(`[data-shows=${key}]`).textContent = text);
  lane.querySelector("progress").value = run?.rows ?? 0;
  set("rows", (run?.rows ?? 0).toLocaleString("en"));
  set("seconds", run ? shownSeconds(run.seconds) : "–");
  set("first", run?.firstByte ? shownSeconds(run.firstByte) : "–");
  set("bytes", run ? shownBytes(run.bytes) : "–");
  set("speed", run?.seconds ? Math.round(run.rows / run.seconds).toLocaleString("en") : "–");
  set("grown", run ? shownGrowth(run) : "–");
};

const shownGrowth = run =>
  run.memory === null ? "unknown here" : `+ ${shownBytes(run.grown)}`;

const line = (plot, side, points, width, height) => {
  const placed = points.map(([x, y]) =>
    `${(100 * x / width).toFixed(2)},${(100 - 100 * y / height).toFixed(2)}`);
  plot.querySelector(`polyline.${side}`).setAttribute("points", placed.join(" "));
};

const mark = (selector, x, y, text = "") => {
  const spot = plots.rows.querySelector(selector);
  spot.hidden = x === null;
  spot.style.left = `${x}%`;
  spot.style.bottom = `${y}%`;
  spot.textContent = text;
};

const draw = () => {
  const all = Object.values(runs);
  const width = axis(Math.max(1, ...all.map(run => run.seconds)));
  const height = Math.max(LEAST, ...all.map(run => run.grown));
  for (const side of Object.keys(names)) {
    const run = runs[side];
    show(side, run);
    const { points = [], looks = [], firstByte = null, over, seconds } = run ?? {};
    line(plots.rows, side, points, width, total);
    line(plots.memory, side, looks.filter(([x]) => x <= width), width, height);
    mark(`.first.${side}`, firstByte && 100 * firstByte / width, 0);
    // Above the end of its line.
    mark(`.last.${side}`, over ? 100 * seconds / width : null,
      over ? 100 * run.rows / total : 0, over ? shownSeconds(seconds) : "");
  }
  const [near, far] = Object.keys(names).map(side => runs[side]?.seconds ?? 0);
  plots.rows.classList.toggle("tight", Math.abs(far - near) < width / 7);
  for (const quarter of plots.rows.querySelectorAll("[data-quarter]")) {
    quarter.textContent = `${Number((quarter.dataset.quarter * width / 4).toFixed(2))} s`;
  }
  plots.rows.querySelector(".most").textContent = `up to ${shownCount(total, "row")}; a dot is a first byte`;
  plots.memory.querySelector(".most").textContent = `up to ${shownBytes(height)}`;
  plots.memory.hidden = all.some(run => run.memory === null);
};

// Say what the lines show, for who does not see them.
const describe = () => {
  const said = Object.entries(runs).map(([side, run]) => [
    `${names[side]}: the first byte after ${shownSeconds(run.firstByte ?? run.seconds)},`
      + ` ${shownCount(run.rows, "row")} after ${shownSeconds(run.seconds)}`,
    `${names[side]}: at most ${shownGrowth(run)}`,
  ]);
  for (const [number, plot] of [plots.rows, plots.memory].entries()) {
    const title = plot.querySelector("figcaption").firstChild.textContent.trim();
    const words = said.map(sentences => sentences[number]).join("; ");
    plot.querySelector("svg").setAttribute("aria-label", `${title}. ${words}.`);
  }
};

const verdict = () => {
  const { outpour, plain } = runs;
  const times = plain.seconds / outpour.seconds;
  const words = document.createElement("strong");
  words.textContent = times >= 1.1
    ? `Outpour was ${times.toFixed(1)} times as fast.`
    : "Both took about as long.";
  const same = outpour.bytes === plain.bytes && outpour.rows === plain.rows;
  const what = same ? `The same ${shownCount(plain.rows, "row")}` : "All rows";
  return [
    words,
    ` ${what} in ${shownSeconds(outpour.seconds)} and in ${shownSeconds(plain.seconds)}.`,
  ];
};

const race = async signal => {
  if (document.getElementById("at-once").checked) {
    news.textContent = "Both run …";
    await Promise.all(Object.keys(names).map(side => read(side, signal)));
    return;
  }
  for (const side of Object.keys(names)) {
    news.textContent = `${names[side]} runs …`;
    await read(side, signal);
  }
};

const start = async () => {
  running = new AbortController();
  const { signal } = running;
  runs = {};
  button.textContent = "Stop";
  const drawing = setInterval(draw, 1000 * FRAME);
  try {
    await race(signal);
    news.replaceChildren(...verdict());
  } catch (error) {
    news.textContent = signal.aborted ? "Stopped." : `That went wrong: ${error.message}.`;
    running.abort();
  }
  clearInterval(drawing);
  draw();
  describe();
  button.textContent = "Race again";
  running = null;
};

form.addEventListener("submit", event => {
  event.preventDefault();
  if (running) running.abort();
  else start();
});
draw();
course.hidden = false;
document.getElementById("race-instead").hidden = true;
