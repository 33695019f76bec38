// The addresses of two pages enter; what has come of each at some moments leaves, as frames.
import { readStream, shownCount, still } from "./streams.js";

const player = document.getElementById("player");
const slowed = document.getElementById("slowed");
const news = document.getElementById("film-news");
const strips = [...document.querySelectorAll("#strips [data-side]")];
let playing = new AbortController();

const sleep = seconds => new Promise(done => setTimeout(done, 1000 * seconds));
const since = start => (performance.now() - start) / 1000;

// Read a page into `page` as it comes.
const load = async (page, address, signal) => {
  const decoder = new TextDecoder();
  const seen = await readStream(address, {
    signal,
    onResponse(response) {
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
    },
    onChunk(chunk) {
      page.bytes += chunk.length;
      page.text += decoder.decode(chunk, { stream: true });
    },
  });
  if (seen.error) throw new Error(seen.error);
  page.seconds = seen.seconds;
};

// Say in words what a frame shows, for who does not see it.
const described = text => {
  const count = part => text.split(part).length - 1;
  const parts = [];
  if (count("<h1")) parts.push("the header");
  if (count("<tr><td")) parts.push(shownCount(count("<tr><td"), "order"));
  if (count("<h1")) parts.push(`${count("</svg>")} of 3 charts`);
  return parts.join(", ");
};

// Rows below the edge of a frame are left out, since to lay them out would slow the film.
const visible = text => {
  let rows = 0;
  return text.replace(/<tr><td[^]*?<\/tr>\s*/g, row => (++rows <= 60 ? row : ""));
};

const show = (frame, page, seconds) => {
  const set = (name, text) => (frame.querySelector(name).textContent = text);
  frame.querySelector("iframe").srcdoc = visible(page.text);
  frame.querySelector(".nothing").hidden = Boolean(page.text);
  set(".nothing", page.text ? "" : "nothing yet");
  set(".time", `${seconds.toFixed(1)} s`);
  set(".size", `${Math.round(page.bytes / 1000).toLocaleString("en")} kB`);
  set(".seen", described(page.text));
};

const clear = () => {
  for (const frame of document.querySelectorAll("#strips [data-moment]")) {
    show(frame, { text: "", bytes: 0 }, Number(frame.dataset.moment));
    for (const name of [".nothing", ".size"]) frame.querySelector(name).textContent = "";
  }
  for (const end of document.querySelectorAll("#strips .end")) end.textContent = "";
};

// Film one page: its clock starts when it is asked for.
const film = async (strip, signal) => {
  const query = slowed.checked ? `?delay=${slowed.value}` : "";
  const page = { text: "", bytes: 0, seconds: null };
  const start = performance.now();
  const shoot = async () => {
    for (const frame of strip.querySelectorAll("[data-moment]")) {
      await sleep(Number(frame.dataset.moment) - since(start));
      signal.throwIfAborted();
      show(frame, page, since(start));
    }
  };
  await Promise.all([shoot(), load(page, `${strip.dataset.side}/today${query}`, signal)]);
  strip.querySelector(".end").textContent =
    `The whole page had come after ${page.seconds.toFixed(1)} seconds.`;
};

const play = async () => {
  playing.abort();
  playing = new AbortController();
  const { signal } = playing;
  clear();
  for (const strip of strips) strip.hidden = false;
  player.querySelector("button").textContent = "Play again";
  try {
    // One after the other, so that they do not share the machine.
    for (const strip of strips) {
      news.textContent = `${strip.querySelector("[id]").textContent}: the page is loading …`;
      await film(strip, signal);
    }
    news.textContent = "That was it.";
  } catch (error) {
    if (!signal.aborted) news.textContent = `That went wrong: ${error.message}.`;
  }
};

player.addEventListener("submit", event => {
  event.preventDefault();
  play();
});
player.hidden = false;
document.getElementById("film-instead").hidden = true;
// Elsewhere, and where nothing shall move on its own, the reader presses the button.
if ("plays" in document.body.dataset && !still) play();
