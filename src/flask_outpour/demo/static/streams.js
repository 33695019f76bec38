// An address enters; its bytes as they come, and their times, leave; then numbers in words.

/** Whether the reader wants nothing to move on its own. */
export const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

/**
 * Read a stream to its end, and return what was seen of it.
 *
 * It throws only when `signal` aborts it. `error` is null, or says what broke; `firstByte`
 * is null when none came. Times are in seconds since the request.
 */
export async function readStream(url, { signal, onChunk, onResponse } = {}) {
  const start = performance.now();
  const since = () => (performance.now() - start) / 1000;
  const seen = {
    status: null, headers: null, bytes: 0, seconds: 0, firstByte: null, error: null,
  };
  try {
    const response = await fetch(url, { signal, cache: "no-store" });
    seen.status = response.status;
    seen.headers = response.headers;
    onResponse?.(response);
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      seen.firstByte ??= since();
      seen.bytes += value.length;
      onChunk?.(value, since());
    }
  } catch (error) {
    if (signal?.aborted) throw error;
    seen.error = error.message;
  }
  seen.seconds = since();
  return seen;
}

const SPACE = "\u202f";
const rounded = (number, digits) =>
  number.toLocaleString("en", { maximumSignificantDigits: digits });

/** 1234567 is "1.23 MB". */
export const shownBytes = number => {
  for (const unit of ["B", "kB", "MB"]) {
    if (number < 999.5) return rounded(number, 3) + SPACE + unit;
    number /= 1000;
  }
  return rounded(number, 3) + SPACE + "GB";
};

/** 1234 and "row" are "1,234 rows". */
export const shownCount = (number, unit) =>
  `${number.toLocaleString("en")} ${unit}${number === 1 ? "" : "s"}`;

/** 0.0123 is "12 ms", 1.234 is "1.23 s". */
export const shownSeconds = seconds =>
  seconds < 0.0995
    ? `${rounded(1000 * seconds, 2)}${SPACE}ms`
    : `${seconds.toFixed(2)}${SPACE}s`;

/** 1234567 is "1.23 MB/s". */
export const shownSpeed = bytesPerSecond => `${shownBytes(bytesPerSecond)}/s`;
