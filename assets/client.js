// Betters pages that work without it.
"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);

  // Hyphens while a code is typed; the caret stays behind the sign that it was behind.
  const field = one("#code");
  if (field) {
    const plain = (text) => text.toUpperCase().replace(/[^0-9A-Z]/g, "");
    field.addEventListener("input", (event) => {
      if (event.isComposing) return;
      const signs = plain(field.value);
      if (!signs || signs.length > 14) return;
      const size = signs.length > 12 ? 5 : 4;
      const before = plain(field.value.slice(0, field.selectionStart)).length;
      const shown = signs.match(new RegExp(`.{1,${size}}`, "g")).join("-");
      if (shown === field.value) return;
      field.value = shown;
      const caret = before + Math.max(0, Math.ceil(before / size) - 1);
      field.setSelectionRange(caret, caret);
    });
  }

  // A form that can't be sent says so, instead of leaving to the browser's own page.
  for (const form of document.querySelectorAll("form")) {
    const notice = form.querySelector("[data-offline]");
    form.addEventListener("submit", (event) => {
      if (navigator.onLine || !notice) return;
      event.preventDefault();
      notice.hidden = false;
      notice.setAttribute("role", "alert");
    });
    window.addEventListener("online", () => {
      if (notice) notice.hidden = true;
    });
  }

  const print = one("[data-print]");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }

  // Two minutes before a session ends it can be prolonged; then the page is left.
  const closing = one("[data-lasts]");
  if (closing) {
    const words = closing.firstElementChild;
    const end = Date.now() + Number(closing.dataset.lasts) * 1000;
    const look = () => {
      const left = end - Date.now();
      if (left <= 0) return location.replace("/document");
      words.hidden = left > 120000;
      setTimeout(look, left > 120000 ? left - 120000 : Math.min(left, 5000));
    };
    look();
    // A page out of the browser's memory shows what may be closed by now.
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) location.replace("/document");
    });
  }
})();
