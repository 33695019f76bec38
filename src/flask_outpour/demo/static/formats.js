// The addresses of files enter; how far each has come, its size and its speed leave.

import { onPress, showControls } from "./buttons.js";
import { readStream, shownBytes, shownCount, shownSeconds, shownSpeed } from "./streams.js";

const section = document.querySelector("section[aria-labelledby=formats]");
const table = section.querySelector("table");
const lines = [...table.querySelectorAll("tbody tr")];
const news = document.getElementById("formats-news");
const all = document.getElementById("read-all");
const stop = document.getElementById("stop-reading");
const rows = Number(table.dataset.rows);
/** Milliseconds between two questions about how far an export has come. */
const INTERVAL = 250;
let asked = 0;
let reading = new AbortController();

const sleep = milliseconds => new Promise(done => setTimeout(done, milliseconds));

const set = (line, name, text) => (line.querySelector(name).textContent = text);

const showRows = (line, count) => {
  line.querySelector("progress").value = count;
  set(line, ".done", count.toLocaleString("en"));
};

const clear = line => {
  line.querySelector("progress").value = 0;
  for (const name of [".done", ".bytes", ".seconds", ".speed", ".rate"]) set(line, name, "");
};

// The server knows how many rows it has read; of most formats nobody else can say.
const follow = async (line, run, signal) => {
  while (!signal.aborted) {
    await sleep(INTERVAL);
    const response = await fetch(`/progress?run=${run}`, { signal, cache: "no-store" });
    const { rows } = await response.json();
    if (!signal.aborted) showRows(line, rows);
  }
};

// Read one file; return what was seen of it, or null if it was stopped.
const read = async line => {
  const name = line.dataset.name;
  const run = `${Date.now()}-${++asked}`;
  const { signal } = reading;
  const ended = new AbortController();
  const address = new URL(line.querySelector("a").href);
  address.searchParams.set("run", run);
  clear(line);
  news.textContent = `${name} is read …`;
  let bytes = 0;
  let shown = 0;
  follow(line, run, AbortSignal.any([signal, ended.signal])).catch(() => {});
  const seen = await readStream(address, {
    signal,
    onChunk: (chunk, seconds) => {
      bytes += chunk.length;
      if (seconds - shown < INTERVAL / 1000) return;
      shown = seconds;
      set(line, ".bytes", shownBytes(bytes));
      set(line, ".seconds", shownSeconds(seconds));
    },
  }).finally(() => ended.abort());
  if (seen.error || seen.status !== 200) {
    throw new Error(`${name}: ${seen.error ?? `status ${seen.status}`}`);
  }
  showRows(line, rows);
  set(line, ".bytes", shownBytes(seen.bytes));
  set(line, ".seconds", shownSeconds(seen.seconds));
  set(line, ".speed", shownSpeed(seen.bytes / seen.seconds));
  set(line, ".rate", `${shownRate(rows / seen.seconds)} rows/s`);
  return { name, ...seen };
};

const shownRate = number =>
  number.toLocaleString("en", { maximumSignificantDigits: 3 });

const told = ({ name, bytes, seconds }) =>
  `${name}: ${shownCount(rows, "row")}, ${shownBytes(bytes)} in ${shownSeconds(seconds)}.`;

const best = (all, key) => all.reduce((a, b) => (b[key] < a[key] ? b : a));

// Read files one after the other, so that they do not share the machine.
const readAll = async chosen => {
  reading.abort();
  reading = new AbortController();
  const { signal } = reading;
  stop.hidden = false;
  try {
    const seen = [];
    for (const line of chosen) seen.push(await read(line));
    const [small, fast] = [best(seen, "bytes"), best(seen, "seconds")];
    news.textContent =
      seen.length === 1
        ? told(seen[0])
        : `The smallest is ${told(small)} The fastest is ${told(fast)}`;
  } catch (error) {
    if (!signal.aborted) throw error;
    if (reading.signal === signal) news.textContent = "Stopped.";
  } finally {
    if (reading.signal === signal) stop.hidden = true;
  }
};

onPress(all, news, () => readAll(lines));
for (const line of lines) {
  onPress(line.querySelector(".read"), news, () => readAll([line]));
}
stop.addEventListener("click", () => {
  reading.abort();
  all.focus();
});
table.classList.add("live");
showControls(section);
