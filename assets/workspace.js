// Betters what works without it: saves while somebody types, shows how a document moves,
// copies codes and links. Nothing is loaded from elsewhere.
"use strict";

const say = (element, text, tone) => {
  if (!element) return;
  if (element.textContent !== text) element.textContent = text;
  element.dataset.tone = tone || "";
};

// --- Copying ----------------------------------------------------------------------

const offerCopies = () => {
  const work = document.querySelector(".work");
  if (!navigator.clipboard || !work) return;
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    if (button.dataset.ready) continue;
    button.dataset.ready = "yes";
    button.addEventListener("click", async () => {
      const source = document.getElementById(button.dataset.copy);
      if (!source) return;
      await navigator.clipboard.writeText(source.textContent.trim());
      const label = button.firstChild;
      const before = label.nodeValue;
      label.nodeValue = work.dataset.copied;
      button.setAttribute("aria-live", "polite");
      setTimeout(() => { label.nodeValue = before; }, 2000);
    });
  }
};

// --- What moves by itself -----------------------------------------------------------

const look = async () => {
  const live = [...document.querySelectorAll("[data-live][id]")];
  if (live.length === 0 || document.hidden) return;
  try {
    const url = new URL(location.href);
    url.searchParams.delete("done");
    const answer = await fetch(url, { headers: { Accept: "text/html" }, redirect: "error" });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of live) {
      const now = fresh.getElementById(part.id);
      // Whoever is about to press a button there is not disturbed.
      if (!now || part.contains(document.activeElement) || part.querySelector("details[open]")) continue;
      const shown = part.cloneNode(true);
      shown.querySelectorAll("[data-ready]").forEach((button) => { button.hidden = true; delete button.dataset.ready; });
      if (shown.innerHTML !== now.innerHTML) part.replaceWith(document.adoptNode(now));
    }
    offerCopies();
  } catch {
    // The next look may succeed.
  }
};

// --- The editor ---------------------------------------------------------------------

const FIELDS = ["title", "content", "name", "email", "phone", "language", "second-factor"];
const PAUSE = 800;
const PATIENCE = 10000;

class Editor {
  constructor(form) {
    this.form = form;
    this.status = document.getElementById("saving");
    this.conflict = document.getElementById("conflict");
    this.words = form.dataset;
    this.pictures = new Pictures(form.elements.content);
    this.base = this.typed();
    this.sending = null;
    this.theirs = null;
    this.timer = 0;
    this.retries = 0;
    this.key = Number(form.elements.version.value) > 0 ? `oc-text:${form.getAttribute("action")}` : "oc-text:new";
    this.restore();
    form.addEventListener("input", () => this.changed());
    form.addEventListener("submit", (event) => this.submit(event));
    addEventListener("online", () => this.touched() && this.save());
    addEventListener("pagehide", () => this.keep());
    document.addEventListener("visibilitychange", () => document.hidden && this.touched() && this.save());
    document.getElementById("keep-mine").addEventListener("click", () => this.keepMine());
    document.getElementById("take-theirs").addEventListener("click", () => this.takeTheirs());
    if (!this.touched()) say(this.status, this.version() > 0 ? this.words.saved : "");
  }

  version() { return Number(this.form.elements.version.value); }
  typed() {
    const typed = Object.fromEntries(FIELDS.map((name) => [name, this.form.elements[name].value]));
    return { ...typed, content: this.pictures.whole };
  }
  same(one, other) { return FIELDS.every((name) => (one[name] || "").trim() === (other[name] || "").trim()); }
  touched() { return !this.same(this.typed(), this.base); }

  // A text of the library is saved once somebody asks for it, also as it is.
  dirty() {
    const typed = this.typed();
    return this.touched() || (this.version() === 0 && Boolean(typed.title.trim() && typed.content.trim()));
  }

  fill(values) {
    for (const name of FIELDS) this.form.elements[name].value = values[name] || "";
    this.pictures.whole = values.content || "";
    this.preview();
  }

  // What was typed is kept by the browser until the server has it.
  keep() {
    try {
      if (!this.touched()) return localStorage.removeItem(this.key);
      const kept = {
        typed: this.typed(), base: this.base, version: this.version(), sent: this.sending,
        action: this.form.getAttribute("action"),
      };
      localStorage.setItem(this.key, JSON.stringify(kept));
    } catch {
      // Without storage, the page itself is what is kept.
    }
  }

  restore() {
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(this.key)); } catch { kept = null; }
    if (!kept || !kept.typed) return;
    // What was kept by a page of an earlier version lacks fields.
    kept.typed = { ...this.base, ...kept.typed };
    kept.base = { ...this.base, ...kept.base };
    if (this.same(kept.typed, this.base)) return;
    // A text of the library that somebody has just chosen is not written over.
    if (this.version() === 0 && (this.base.title || this.base.content)) return;
    this.form.setAttribute("action", kept.action);
    // The version that it was typed upon: if that is not the newest, both are shown.
    this.form.elements.version.value = kept.version;
    this.base = kept.base;
    // What was on its way when the page was left may have arrived.
    this.sending = kept.sent || null;
    this.fill(kept.typed);
    say(this.status, this.words.restored, "wait");
    this.timer = setTimeout(() => this.save(), PAUSE);
  }

  changed() {
    this.keep();
    this.preview();
    if (this.theirs) return;
    say(this.status, this.words.unsaved);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), PAUSE);
  }

  body(values) {
    const body = new URLSearchParams(values);
    body.set("form-token", this.form.elements["form-token"].value);
    body.set("version", this.form.elements.version.value);
    return body;
  }

  // One save at a time, each with everything that is typed by then. Answers whether
  // the server has it all.
  save() {
    this.running = (this.running || Promise.resolve()).then(() => this.saveOnce());
    return this.running;
  }

  async saveOnce() {
    clearTimeout(this.timer);
    if (this.theirs) return false;
    if (!this.dirty()) return true;
    const values = this.typed();
    if (!values.title.trim() || !values.content.trim()) {
      say(this.status, this.words.incomplete, "wait");
      return false;
    }
    say(this.status, this.words.saving);
    const before = this.sending;
    this.sending = values;
    this.keep();
    let answer = null;
    try {
      answer = await fetch(this.form.getAttribute("action"), {
        method: "POST", body: this.body(values), headers: { Accept: "application/json" },
        redirect: "error", signal: AbortSignal.timeout(PATIENCE),
      });
    } catch {
      return this.later(this.words.offline);
    }
    if (answer.status === 412) return this.overtaken(await answer.json(), [before, values]);
    if (answer.status === 401 || answer.status === 403) {
      await this.join();
      return this.later(this.words.signedOut);
    }
    if (answer.status === 400 || answer.status === 413) {
      say(this.status, this.words.broken, "error");
      return false;
    }
    if (!answer.ok) return this.later(this.words.offline);
    this.saved((await answer.json()).version, values);
    return !this.dirty() || this.saveOnce();
  }

  // Whoever has signed in again, in another tab, has another session: its forms bring
  // along another token.
  async join() {
    try {
      const answer = await fetch("/library", { headers: { Accept: "text/html" }, redirect: "error" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const token = page.querySelector(".work[data-token]");
      if (token) this.form.elements["form-token"].value = token.dataset.token;
    } catch {
      // Nobody is signed in.
    }
  }

  saved(version, values) {
    const wasNew = this.version() === 0;
    this.form.elements.version.value = version;
    this.base = values;
    this.sending = null;
    this.retries = 0;
    if (wasNew) {
      try { localStorage.removeItem(this.key); } catch { /* kept for nothing */ }
      this.key = `oc-text:${this.form.getAttribute("action")}`;
      history.replaceState(null, "", this.form.getAttribute("action"));
    }
    this.keep();
    say(this.status, this.dirty() ? this.words.unsaved : this.words.saved);
  }

  later(why) {
    say(this.status, why, "error");
    this.retries += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), Math.min(30000, 1000 * 2 ** Math.min(this.retries, 5)));
    return false;
  }

  // Another version is stored. It may be our own, whose answer was lost.
  overtaken(theirs, sent) {
    const own = sent.find((values) => values && this.same(values, theirs));
    if (own) {
      this.saved(theirs.version, own);
      return !this.dirty() || this.saveOnce();
    }
    this.theirs = theirs;
    document.getElementById("their-title").textContent = theirs.title;
    document.getElementById("their-content").textContent = theirs.content;
    this.conflict.hidden = false;
    this.conflict.focus();
    say(this.status, this.words.conflict, "error");
    return false;
  }

  settle() {
    this.form.elements.version.value = this.theirs.version;
    this.base = this.theirs;
    this.theirs = null;
    this.conflict.hidden = true;
  }

  keepMine() {
    this.settle();
    this.keep();
    this.save();
    this.form.elements.content.focus();
  }

  takeTheirs() {
    this.fill(this.theirs);
    this.settle();
    this.keep();
    say(this.status, this.words.saved);
    this.form.elements.content.focus();
  }

  preview() {
    clearTimeout(this.previewing);
    this.previewing = setTimeout(async () => {
      const content = this.pictures.whole;
      try {
        const answer = await fetch("/preview", { method: "POST", body: this.body({ content }), redirect: "error" });
        if (!answer.ok || content !== this.pictures.whole) return;
        const shown = new DOMParser().parseFromString(await answer.text(), "text/html");
        document.getElementById("preview").replaceChildren(...shown.body.childNodes);
      } catch {
        // The text itself is what counts.
      }
    }, 300);
  }

  // Whatever button is pressed: what is typed is saved first, then the page goes on.
  async submit(event) {
    event.preventDefault();
    const step = event.submitter ? event.submitter.value : "save";
    if (!this.form.reportValidity()) return;
    // The browser sends the form itself where saving brings something to say.
    if (!(await this.save())) return this.status.dataset.tone === "error" && !this.theirs && navigator.onLine && this.refused(step);
    const path = this.form.getAttribute("action").replace(/\/edit$/, "");
    if (step === "send") location.assign(`${path}/send`);
    if (step === "show") location.assign(path);
  }

  // The server says beside each field what is wrong with it.
  refused(step) {
    if (this.status.textContent !== this.words.broken) return;
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = "step";
    field.value = step;
    this.form.append(field);
    this.form.elements.content.value = this.pictures.whole;
    this.form.submit();
  }
}

// --- How recipients see the practice --------------------------------------------------

const showPractice = (form) => {
  const example = form.querySelector(".example");
  const [image, drawn] = [example.querySelector("[data-seen-logo]"), example.querySelector(".brand svg")];
  const saved = image.getAttribute("src");
  const showLogo = (source) => {
    const shown = form.elements["without-logo"].checked ? "" : source;
    image.src = shown;
    image.hidden = !shown;
    drawn.toggleAttribute("hidden", Boolean(shown));
  };
  let logo = saved;
  for (const place of example.querySelectorAll("[data-seen]")) {
    const field = form.elements[place.dataset.seen];
    field.addEventListener("input", () => {
      place.textContent = field.value.trim() || place.dataset.else || "";
      if (place.tagName === "DD") place.parentElement.hidden = !place.textContent;
    });
  }
  form.elements.colour.addEventListener("change", () => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = `/assets/tint.${form.elements.colour.value.slice(1)}.css`;
    link.dataset.tint = "";
    const before = example.querySelectorAll("[data-tint]");
    // A colour that is too light has no stylesheet: the one before stays until it is saved or refused.
    link.addEventListener("load", () => before.forEach((other) => other.remove()));
    link.addEventListener("error", () => link.remove());
    example.prepend(link);
  });
  form.elements["without-logo"].addEventListener("change", () => showLogo(logo));
  form.elements.logo.addEventListener("change", () => {
    const [file] = form.elements.logo.files;
    logo = saved;
    if (!file) return showLogo(logo);
    const reader = new FileReader();
    reader.addEventListener("load", () => { logo = reader.result; showLogo(logo); });
    reader.readAsDataURL(file);
  });
};

const practice = document.getElementById("practice");
if (practice) showPractice(practice);
const form = document.getElementById("editor");
if (form) new Editor(form);
offerCopies();
setInterval(look, 4000);
