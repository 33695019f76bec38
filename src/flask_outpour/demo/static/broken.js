// Streams that break enter; what the browser sees of them, and what the log says, leaves.

import { onPress, showControls } from "./buttons.js";
import { readStream, shownBytes, shownCount } from "./streams.js";

const section = document.querySelector("section[aria-labelledby=broken]");
const button = document.getElementById("break");
const news = document.getElementById("broken-news");
let asked = 0;

// Ask for a stream, and for what the server logged in the meantime.
const look = async address => {
  const run = `${Date.now()}-${++asked}`;
  const decoder = new TextDecoder();
  let text = "";
  let reason = "";
  const seen = await readStream(`${address}?run=${run}`, {
    onResponse: response => (reason = response.statusText),
    onChunk: chunk => (text += decoder.decode(chunk, { stream: true })),
  });
  const response = await fetch(`/broken/log?run=${run}`, { cache: "no-store" });
  const log = response.ok ? await response.json() : [];
  return { ...seen, text, reason, log };
};

const isPage = seen => seen.headers?.get("Content-Type")?.startsWith("text/html");

// What a page says, without what a browser does not show of it.
const wordsOf = page => {
  const parsed = new DOMParser().parseFromString(page, "text/html");
  return parsed.body.textContent.trim().replace(/\s*\n\s*/g, "\n");
};

const lastLines = text => {
  const lines = text.trimEnd().split("\n");
  return [...(lines.length > 3 ? ["…"] : []), ...lines.slice(-3)].join("\n");
};

const came = seen => {
  const size = shownBytes(seen.bytes);
  const what = isPage(seen)
    ? `A page of ${size}`
    : shownCount(seen.text.split("\n").length - 1, "row") + `, ${size}`;
  return what + (seen.error ? "; then the connection was cut." : ", to its end.");
};

const told = seen =>
  seen.status ? `${seen.status} ${seen.reason}` : "No answer";

// Both sides in one sentence, for who does not see them side by side.
const compared = (plain, outpour) => {
  const [left, right] = [plain, outpour].map(
    seen => `${seen.status ?? "no answer"}${seen.error ? " and a cut" : ""}`,
  );
  return left === right
    ? `${left} on both sides`
    : `${left} on plain Flask, ${right} under Outpour`;
};

const entryOf = ({ level, logger, message, error }) => {
  const entry = document.createElement("li");
  if (level) {
    const who = document.createElement("b");
    who.textContent = `${level} ${logger}`;
    entry.append(who, " ");
  }
  entry.append(message);
  if (error) entry.append(document.createElement("br"), error);
  return entry;
};

const show = (side, seen) => {
  const set = (name, text) => (side.querySelector(name).textContent = text);
  set(".told", told(seen));
  set(".came", came(seen));
  set(".text", isPage(seen) ? wordsOf(seen.text) : lastLines(seen.text));
  const log = seen.log.length ? seen.log : [{ message: "Nothing." }];
  side.querySelector(".log").replaceChildren(...log.map(entryOf));
  side.querySelector("dl").hidden = false;
};

const breakAll = async () => {
  const sums = [];
  for (const part of section.querySelectorAll("[data-path]")) {
    const title = part.querySelector("h3").textContent;
    news.textContent = `${title} …`;
    const seen = [];
    for (const side of part.querySelectorAll("[data-side]")) {
      seen.push(await look(side.querySelector("a").href));
      show(side, seen.at(-1));
    }
    sums.push(`${title}: ${compared(...seen)}.`);
  }
  news.textContent = sums.join(" ");
};

onPress(button, news, async () => {
  await breakAll();
  button.textContent = "Break them again";
});
showControls(section);
