// A button, and what it does, enter; it does that once at a time, and says what went wrong.

export const onPress = (button, news, act) => {
  let running = false;
  button.addEventListener("click", async () => {
    // Not `disabled`, which would take the focus away from who uses the keyboard.
    if (running) return;
    running = true;
    button.setAttribute("aria-disabled", "true");
    try {
      await act();
    } catch (error) {
      news.textContent = `That went wrong: ${error.message}.`;
    }
    running = false;
    button.removeAttribute("aria-disabled");
  });
};

/** Show what needs scripts in a section, in place of the sentence that says so. */
export const showControls = section => {
  for (const controls of section.querySelectorAll(".controls")) controls.hidden = false;
  for (const instead of section.querySelectorAll(".instead")) instead.hidden = true;
};
