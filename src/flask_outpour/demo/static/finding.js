// Two slow streams enter; when each of their lines arrives leaves, and the doctor's report.

import { onPress, showControls } from "./buttons.js";
import { readStream, shownSeconds } from "./streams.js";

const section = document.querySelector("section[aria-labelledby=finding]");
const lanes = [...section.querySelectorAll("[data-side]")];
const news = document.getElementById("finding-news");
const report = document.getElementById("report");
const LINE_END = 10;

const clear = () => {
  for (const item of section.querySelectorAll(".arrivals li")) {
    item.classList.remove("arrived");
    item.querySelector(".when").textContent = "";
  }
};

// Mark the lines of a stream as they arrive, and say when the first and the last did.
const watch = async lane => {
  const items = [...lane.querySelectorAll("li")];
  const times = [];
  const seen = await readStream(lane.querySelector("a").href, {
    onChunk: (chunk, seconds) => {
      for (const byte of chunk) {
        if (byte !== LINE_END) continue;
        const item = items[times.push(seconds) - 1];
        item.classList.add("arrived");
        item.querySelector(".when").textContent = shownSeconds(seconds);
      }
    },
  });
  const name = lane.querySelector("h3").textContent;
  if (seen.error ?? seen.status !== 200) {
    return `${name}: that went wrong, ${seen.error ?? `with status ${seen.status}`}.`;
  }
  const [first, last] = [times[0], times.at(-1)].map(shownSeconds);
  return `${name}: the first line after ${first}, the last after ${last}.`;
};

onPress(document.getElementById("watch"), news, async () => {
  clear();
  news.textContent = "The lines are on their way …";
  // At the same time, since each of them only waits.
  news.textContent = (await Promise.all(lanes.map(watch))).join(" ");
});

onPress(document.getElementById("ask"), news, async () => {
  news.textContent = "The doctor examines the second application …";
  const response = await fetch("/doctor", { cache: "no-store" });
  report.textContent = await response.text();
  report.hidden = false;
  news.textContent = response.ok
    ? "The doctor’s report is below."
    : "The doctor did not examine it; below is why.";
});

showControls(section);
